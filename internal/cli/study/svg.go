package study

import (
	"io"

	"github.com/ballast-ml/ballast/internal/plot"
	"github.com/ballast-ml/ballast/internal/stats"
)

// SVG draws the monitored figure and the worst class beside it: a dot for each
// model, a bar at the mean.
func (t *Table) SVG(w io.Writer) error {
	names := []string{t.Monitor.Name}
	for _, name := range []string{"worst_class_recall", "balanced_accuracy"} {
		if len(names) < 2 && name != t.Monitor.Name {
			names = append(names, name)
		}
	}
	var panels []plot.Panel
	for _, name := range names {
		panels = append(panels, t.panel(name))
	}
	var labels []string
	for _, row := range t.Rows {
		labels = append(labels, row.Method)
	}
	_, err := plot.Rows(labels, panels, nil, 26).WriteTo(w)
	return err
}

// panel shows one figure of all rows.
func (t *Table) panel(name string) plot.Panel {
	p := plot.Panel{Title: title(name)}
	for _, row := range t.Rows {
		var marks []plot.Mark
		for _, v := range row.values(name) {
			marks = append(marks, plot.Mark{Value: v, Paint: plot.Paint{Fill: "#3b6ea5", Opacity: 0.55}})
		}
		mean := plot.Mark{Kind: plot.Tick, Value: stats.Mean(row.values(name)), Paint: plot.Paint{Stroke: "#222", Width: 2.5}}
		p.Marks = append(p.Marks, append(marks, mean))
	}
	return p
}
