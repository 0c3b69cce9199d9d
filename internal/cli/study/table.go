package study

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/ballast-ml/ballast/internal/metrics"
	"github.com/ballast-ml/ballast/internal/stats"
	"github.com/ballast-ml/ballast/train"
)

// Table is what came of a comparison.
type Table struct {
	Data    string
	Monitor metrics.Metric
	Trials  int
	Columns []string // names of figures
	Rows    []Row

	domains domains // that were left out in turn
}

// Row is one method: its results, one for each seed, in the order of the seeds;
// where domains were left out, one for each of them for each seed.
type Row struct {
	Method   string
	Trial    int
	Settings string // what the trial sets
	Given    bool   // asked for, and not only what another stands on
	Rival    bool   // settings of its own, under the name Method
	Results  []Result
}

// values returns a figure of the test part for each result; NaN where it is not
// defined.
func (r Row) values(name string) []float64 {
	list := make([]float64, len(r.Results))
	for i, result := range r.Results {
		list[i] = math.NaN()
		if name == "seconds" {
			list[i] = result.Seconds
		} else if v, ok := result.Summary.Test.Value(name); ok {
			list[i] = v
		}
	}
	return list
}

// validation returns the mean of a figure on the validation part; NaN without
// one.
func validation(results []Result, name string) float64 {
	var list []float64
	for _, r := range results {
		v := math.NaN()
		if r.Summary.Val != nil {
			if x, ok := r.Summary.Val.Value(name); ok {
				v = x
			}
		}
		list = append(list, v)
	}
	return stats.Mean(list)
}

// Pair is a figure of a method beside that of another, result by result.
type Pair struct {
	Method, Against, Figure string
	Mean                    float64 // of the differences
	Low, High               float64 // bootstrap interval of the mean, 95 %
	P                       float64 // of Wilcoxon's signed-rank test; NaN without a difference
	Better, Worse           int     // results
}

// intervalSamples is how many bootstrap samples an interval is made of.
const intervalSamples = 10000

// central are the figures that are compared: the monitored one, the balanced
// accuracy and the worst class.
func (t *Table) central() []string {
	figures := []string{t.Monitor.Name}
	for _, name := range []string{"balanced_accuracy", "worst_class_recall"} {
		if name != t.Monitor.Name {
			figures = append(figures, name)
		}
	}
	return figures
}

// Pairs returns the differences of every method to what it stands on, to plain
// training and, if it was asked for, to the rivals, of the central figures.
func (t *Table) Pairs() []Pair {
	var pairs []Pair
	for _, row := range t.Rows {
		for _, against := range t.against(row) {
			for _, name := range t.central() {
				pairs = append(pairs, pair(row, against, name))
			}
		}
	}
	return pairs
}

// against returns the rows that a method is compared with.
func (t *Table) against(row Row) []Row {
	if row.Rival {
		return nil
	}
	var names []string
	if base, ok := train.BaseOf(row.Method); ok {
		names = append(names, base)
		if base != "erm" {
			names = append(names, "erm")
		}
	}
	var rows []Row
	for _, name := range names {
		if i := slices.IndexFunc(t.Rows, func(r Row) bool { return r.Method == name }); i >= 0 {
			rows = append(rows, t.Rows[i])
		}
	}
	for _, r := range t.Rows {
		if row.Given && r.Rival {
			rows = append(rows, r)
		}
	}
	return rows
}

func pair(a, b Row, name string) Pair {
	p := Pair{Method: a.Method, Against: b.Method, Figure: name}
	m, _ := metrics.Parse(name)
	var d []float64
	x, y := a.values(name), b.values(name)
	for i := range x {
		if v := x[i] - y[i]; v == v {
			d = append(d, v)
			if m.Better(x[i], y[i]) {
				p.Better++
			} else if v != 0 {
				p.Worse++
			}
		}
	}
	p.Mean, p.P = stats.Mean(d), stats.SignedRank(d)
	p.Low, p.High = stats.BootstrapMean(d, intervalSamples, 0.95, 1)
	return p
}

// cell writes mean ± deviation; a figure that is not defined is a dash.
func cell(values []float64, digits int, pm string) string {
	mean, deviation := stats.Mean(values), stats.Deviation(values)
	switch {
	case mean != mean:
		return "-"
	case deviation != deviation:
		return fmt.Sprintf("%.*f", digits, mean)
	}
	return fmt.Sprintf("%.*f%s%.*f", digits, mean, pm, digits, deviation)
}

func digitsOf(name string) int {
	if name == "seconds" {
		return 1
	}
	return 4
}

// title is a figure's name as a heading.
func title(name string) string { return strings.ReplaceAll(name, "_", " ") }
