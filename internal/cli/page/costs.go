package page

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/ballast-ml/ballast/internal/plot"
)

// costs shows where the time went.
func costs(runs []*Run) section {
	s := section{Title: "Where the time went"}
	for _, r := range runs {
		if r.metrics.last.Step == 0 {
			continue
		}
		s.Blocks = append(s.Blocks, table(about(runs, r, "time of a step, in milliseconds"), r.phaseRows(), false))
		l := plot.Labels{Title: about(runs, r, "time of a step by phase"), Across: "step", Up: "milliseconds, mean"}
		s.Blocks = append(s.Blocks, picture(plot.Layers(l, phaseNames, r.phaseColumns()), l.Title)...)
		s.Blocks = append(s.Blocks, paragraph(r.slowest()))
	}
	s.Blocks = append(s.Blocks, draw(runs, "Samples per second, of all nodes, without evaluations", "samples/s", false, rates)...)
	if len(s.Blocks) > 0 {
		s.Blocks = append(s.Blocks, paragraph("The times are those of the node that wrote metrics.jsonl. Normalizer and all-reduce are what it waited for the others: "+
			"if they are long, another node or the network is slow; launcher status says of a run under way who is waited for. Quantiles are right to a percent."))
	}
	for _, r := range runs {
		if len(r.rings) > 0 {
			cells := [][]string{{"time", "event"}}
			for _, v := range r.rings {
				cells = append(cells, []string{v.at.UTC().Format("2006-01-02 15:04:05"), v.what})
			}
			s.Blocks = append(s.Blocks, table(about(runs, r, "rings formed and members lost, as the logs tell, UTC"), cells, true))
		}
	}
	return s
}

// phaseRows are median and 95th percentile of each phase, and of all together.
func (r *Run) phaseRows() [][]string {
	cells := [][]string{{"phase", "median", "95th percentile", "share of the time"}}
	whole := r.metrics.phases[len(phaseNames)].sum
	for i, name := range append(slices.Clone(phaseNames), "all") {
		t := &r.metrics.phases[i]
		share := "-"
		if whole > 0 {
			share = fmt.Sprintf("%.1f %%", 100*t.sum/whole)
		}
		cells = append(cells, []string{name, fmt.Sprintf("%.3f", 1000*t.quantile(0.5)), fmt.Sprintf("%.3f", 1000*t.quantile(0.95)), share})
	}
	return cells
}

func (r *Run) phaseColumns() (list []plot.Column) {
	t := &r.metrics.steps
	for i, c := range t.columns {
		if c.lines == 0 {
			continue
		}
		v := plot.Column{X: t.middle(i)}
		for p := range phaseNames {
			v.Parts = append(v.Parts, 1000*c.of[data+p].sum/float64(c.lines))
		}
		list = append(list, v)
	}
	return list
}

// rates are samples a second: all rows of a column over all its time.
func rates(r *Run) (list []plot.Sample) {
	t := &r.metrics.steps
	for i, c := range t.columns {
		if c.lines > 0 && c.of[seconds].sum > 0 {
			list = append(list, plot.Sample{X: t.middle(i), Y: c.of[rows].sum / c.of[seconds].sum, Low: c.of[rate].low, High: c.of[rate].high})
		}
	}
	return list
}

const (
	slowTimes  = 2 // the median, from which on a stretch is slow
	slowPlaces = 3
)

// slowest says where in the run steps took longest, and for what.
func (r *Run) slowest() string {
	t, median := &r.metrics.steps, r.metrics.phases[len(phaseNames)].quantile(0.5)
	var slow []int
	for i, c := range t.columns {
		if c.lines > 0 && c.of[seconds].mean() > slowTimes*median {
			slow = append(slow, i)
		}
	}
	if len(slow) == 0 {
		return fmt.Sprintf("None of %s took more than %d times the median of a step.", stretches(t), slowTimes)
	}
	slices.SortStableFunc(slow, func(a, b int) int {
		return cmp.Compare(t.columns[b].of[seconds].mean(), t.columns[a].of[seconds].mean())
	})
	said := fmt.Sprintf("Of %s %d took more than %d times the median of a step; the slowest:", stretches(t), len(slow), slowTimes)
	for _, i := range slow[:min(len(slow), slowPlaces)] {
		c := t.columns[i]
		most := 0
		for p := range phaseNames {
			if c.of[data+p].sum > c.of[data+most].sum {
				most = p
			}
		}
		first, last := t.bounds(i)
		said += fmt.Sprintf(" steps %d to %d with %s ms a step (%s ms the longest), most of it %s;",
			first, min(last, r.metrics.last.Step), plot.Number(1000*c.of[seconds].mean()), plot.Number(1000*c.of[seconds].high), phaseNames[most])
	}
	return said[:len(said)-1] + "."
}

// stretches says what the columns of a track are.
func stretches(t *track) string {
	if t.width == 1 {
		return fmt.Sprintf("%d steps", len(t.columns))
	}
	return fmt.Sprintf("%d stretches of %d steps", len(t.columns), t.width)
}
