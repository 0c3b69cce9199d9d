package page

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/ballast-ml/ballast/internal/cli/report"
	"github.com/ballast-ml/ballast/internal/plot"
)

const (
	maxDrawn   = 120 // classes in a picture
	maxClasses = 1000
)

// classes shows the recall of each class beside its training rows, from the
// rarest to the most frequent. Runs on other classes have a table of their own.
func classes(runs []*Run) section {
	s := section{Title: "Classes, from rare to frequent"}
	var done []*Run
	for _, r := range runs {
		if r.Summary == nil || slices.Contains(done, r) {
			continue
		}
		var alike []int
		for i, o := range runs {
			if o.Summary != nil && slices.Equal(o.Summary.Classes, r.Summary.Classes) && slices.Equal(o.Summary.TrainCounts, r.Summary.TrainCounts) {
				alike, done = append(alike, i), append(done, o)
			}
		}
		s.Blocks = append(s.Blocks, classBlocks(runs, alike)...)
	}
	return s
}

// classBlocks shows the classes of those of the runs that share them.
func classBlocks(runs []*Run, alike []int) (blocks []block) {
	s := runs[alike[0]].Summary
	order := make([]int, len(s.Classes))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(s.TrainCounts[a], s.TrainCounts[b]) })
	blocks = drawClasses(runs, alike, middleOut(order, maxDrawn))
	shown := middleOut(order, maxClasses)
	cells := [][]string{{"class", "train"}}
	for _, i := range alike {
		cells[0] = append(cells[0], runs[i].title)
	}
	if len(alike) == 1 {
		cells[0] = []string{"class", "train", "recall", "precision"}
	}
	for _, c := range shown {
		row := []string{s.Classes[c], fmt.Sprint(s.TrainCounts[c])}
		for _, i := range alike {
			row = append(row, report.Recall(*runs[i].Summary, c))
		}
		if len(alike) == 1 {
			precision := "-"
			if p := s.Test.PerClassPrecision; c < len(p) {
				precision = plot.Number(p[c])
			}
			row = append(row, precision)
		}
		cells = append(cells, row)
	}
	blocks = append(blocks, table("Recall on the test rows", cells, false))
	if left := len(order) - len(shown); left > 0 {
		blocks = append(blocks, paragraph(fmt.Sprintf("%d classes of middle size are left out; summary.json has them all.", left)))
	}
	return blocks
}

// middleOut leaves out the middle of an order that is too long.
func middleOut(order []int, most int) []int {
	if len(order) <= most {
		return order
	}
	return append(slices.Clone(order[:most/2]), order[len(order)-most/2:]...)
}

func drawClasses(runs []*Run, alike, order []int) []block {
	s := runs[alike[0]].Summary
	counts := plot.Panel{Title: "training rows", Log: true}
	recalls := plot.Panel{Title: "recall on the test rows", High: 1}
	var names []string
	var legend []plot.Entry
	for _, i := range alike {
		if len(runs) > 1 {
			legend = append(legend, plot.Entry{Name: runs[i].title, Paint: paint(i)})
		}
	}
	for _, c := range order {
		name := s.Classes[c]
		names = append(names, name)
		counts.Marks = append(counts.Marks, []plot.Mark{{Kind: plot.Bar, Value: float64(s.TrainCounts[c]),
			Paint: plot.Paint{Fill: plot.Ink, Opacity: 0.45, Title: fmt.Sprintf("%s: %d training rows", name, s.TrainCounts[c])}}})
		var marks []plot.Mark
		for _, i := range alike {
			if recall := runs[i].Summary.Test.PerClassRecall; c < len(recall) {
				marks = append(marks, plot.Mark{Value: recall[c], Paint: plot.Paint{Fill: paint(i).Stroke, Opacity: 0.8,
					Title: fmt.Sprintf("%s, %s: recall %s", runs[i].title, name, report.Recall(*runs[i].Summary, c))}})
			}
		}
		recalls.Marks = append(recalls.Marks, marks)
	}
	return picture(plot.Rows(names, []plot.Panel{counts, recalls}, legend, 18), "recall of each class beside its training rows")
}
