package page

import (
	"fmt"
	"html/template"
	"maps"
	"slices"

	"github.com/ballast-ml/ballast/internal/cli/report"
	"github.com/ballast-ml/ballast/internal/plot"
	"github.com/ballast-ml/ballast/train"
)

// overview names the runs, and says what is missing of them.
func overview(runs []*Run) section {
	b := block{Head: []any{"", "run", "method", "steps", "samples", "nodes", "shards", "seed", "model sha256"}, Words: true}
	for i, r := range runs {
		c := plot.NewCanvas(26, 10)
		c.Line(1, 5, 25, 5, plot.Paint{Stroke: paint(i).Stroke, Dash: paint(i).Dash, Width: 4})
		row := []any{template.HTML(c.Inline("the colour of " + r.title)), r.Dir}
		if s := r.Summary; s != nil {
			row = append(row, s.Method, steps(s), s.SamplesSeen, s.Nodes, s.Shards, s.Seed, s.ModelSHA256)
		} else {
			last := r.metrics.last
			row = append(row, "-", fmt.Sprintf("%d of %d", last.Step, last.Steps), last.SamplesSeen, "-", "-", "-", "none yet")
		}
		b.Rows = append(b.Rows, row)
	}
	s := section{Blocks: []block{b}}
	for _, r := range runs {
		for _, what := range r.missing {
			s.Blocks = append(s.Blocks, paragraph(about(runs, r, what)+"."))
		}
	}
	return s
}

func steps(s *train.Summary) string {
	if s.BestStep > 0 {
		return fmt.Sprintf("%d, the model is that of step %d", s.Steps, s.BestStep)
	}
	return fmt.Sprint(s.Steps)
}

// figures are those of the test part, in the words of the terminal.
func figures(runs []*Run) section {
	list := ended(runs)
	if len(list) == 0 {
		return section{}
	}
	calibration := [][]string{{"", "calibration error, before", "after correction", "log-loss, before", "after correction"}}
	for _, r := range list {
		m := r.Summary.Test
		row := []string{r.Heading(), report.Number(m.ECE), "-", report.Number(m.LogLoss), "-"}
		if m.Corrected != nil {
			row[2], row[4] = report.Number(m.Corrected.ECE), report.Number(m.Corrected.LogLoss)
		}
		calibration = append(calibration, row)
	}
	return section{"Figures", []block{table("", report.FigureRows(list), false), table("Probabilities of the test rows", calibration, false)}}
}

// all are the figures by the names that summary.json has for them.
func all(runs []*Run) section {
	head, names := []string{"figure"}, map[string]bool{}
	fixed := []string{"accuracy", "balanced_accuracy", "worst_class_recall", "macro_f1", "log_loss", "ece", "corrected_log_loss", "corrected_ece"}
	var parts []train.Metrics
	for _, r := range ended(runs) {
		head, parts = append(head, about(runs, &Run{title: r.Title}, "test")), append(parts, r.Summary.Test)
		if v := r.Summary.Val; v != nil {
			head, parts = append(head, about(runs, &Run{title: r.Title}, "validation")), append(parts, *v)
		}
	}
	for _, m := range parts {
		for name := range m.Figures {
			names[name] = true
		}
	}
	if len(parts) == 0 {
		return section{}
	}
	cells := [][]string{head}
	for _, name := range append(fixed, slices.Sorted(maps.Keys(names))...) {
		row := []string{name}
		for _, m := range parts {
			cell := "-"
			if v, ok := m.Value(name); ok {
				cell = report.Number(v)
			}
			row = append(row, cell)
		}
		cells = append(cells, row)
	}
	return section{"All figures, by their names in summary.json", []block{table("", cells, false)}}
}

// groups are the groups of test rows of each run.
func groups(runs []*Run) section {
	s := section{Title: "Groups"}
	for _, r := range ended(runs) {
		if len(r.Summary.TestGroups) > 0 {
			s.Blocks = append(s.Blocks, table(r.Title, report.GroupRows(r.Summary, maxGroups), false))
			if n := len(r.Summary.TestGroups); n > maxGroups {
				s.Blocks = append(s.Blocks, paragraph(fmt.Sprintf("%d groups of higher accuracy are left out; summary.json has them all.", n-maxGroups)))
			}
		}
	}
	return s
}

const maxGroups = 200

// confusions shows what is taken for what.
func confusions(runs []*Run) section {
	s := section{Title: "Confusion"}
	for i, r := range runs {
		if r.Summary == nil || len(r.Summary.Test.Confusion) == 0 {
			continue
		}
		l := plot.Labels{Title: r.title + ": each row sums to the test rows of a class", Across: "decided for", Up: "true class"}
		s.Blocks = append(s.Blocks, picture(plot.Shades(l, r.Summary.Classes, r.Summary.Test.Confusion, paint(i).Stroke), "confusion matrix of "+r.title)...)
	}
	return s
}
