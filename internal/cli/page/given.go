package page

import (
	"fmt"
	"runtime"

	"github.com/ballast-ml/ballast/train"
)

// given are the settings that are not the defaults.
func given(runs []*Run) section {
	s := section{Title: "Settings that differ from the defaults"}
	for _, r := range runs {
		cells := [][]string{{"setting", "value", "default", "came from"}}
		for _, v := range r.settings {
			cells = append(cells, []string{v.name, v.value, v.usual, v.origin})
		}
		if len(cells) > 1 {
			caption := ""
			if len(runs) > 1 {
				caption = r.title
			}
			s.Blocks = append(s.Blocks, table(caption, cells, true))
		}
	}
	return s
}

// colophon says how the page was made.
func colophon(runs []*Run) section {
	s := section{Title: "About this page"}
	for _, r := range runs {
		if w := r.metrics.steps.width; w > 1 {
			s.Blocks = append(s.Blocks, paragraph(about(runs, r, fmt.Sprintf("curves are thinned: a point is the mean of %d steps, and the pale band around it reaches from the least to the largest of them.", w))))
		}
	}
	s.Blocks = append(s.Blocks, paragraph(fmt.Sprintf("Made from config.yaml, metrics.jsonl, summary.json and logs by ballast %s (numeric contract %s, %s). "+
		"The page needs no network and runs no script.", train.Version, train.Contract, runtime.Version())))
	return s
}
