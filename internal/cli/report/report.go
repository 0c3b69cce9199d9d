package report

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/ballast-ml/ballast/train"
)

// Run is the outcome of one run with the name of its column.
type Run struct {
	Title   string
	Summary train.Summary
}

// Heading is the run's title, with a mark if its figures are of an ensemble.
func (r Run) Heading() string {
	if r.Summary.Ensemble > 1 {
		return fmt.Sprintf("%s ×%d", r.Title, r.Summary.Ensemble)
	}
	return r.Title
}

// Figures prints the figures of runs on the same data, one column each.
func Figures(w io.Writer, runs []Run) { (&table{FigureRows(runs)}).print(w) }

// FigureRows returns the cells that [Figures] prints, the heads first.
func FigureRows(runs []Run) [][]string {
	t := figures(runs)
	line := func(name, format string, value func(train.Summary) any) {
		row := []string{name}
		for _, r := range runs {
			row = append(row, fmt.Sprintf(format, value(r.Summary)))
		}
		t.row(row...)
	}
	line("samples/s", "%.0f", func(s train.Summary) any { return s.SamplesPerSecond })
	line("seconds", "%.1f", func(s train.Summary) any { return s.WallSeconds })
	line("model sha256", "%s", func(s train.Summary) any { return Short(s.ModelSHA256) })
	return t.rows
}

// Quality prints the figures of models without those of their training; those
// of one model with their intervals, if it has any.
func Quality(w io.Writer, runs []Run) {
	t := figures(runs)
	if len(runs) == 1 && runs[0].Summary.Test.Intervals != nil {
		t.addIntervals(runs[0].Summary.Test)
	}
	t.print(w)
}

// figures starts the table with what the models do on the test part.
func figures(runs []Run) *table {
	t := &table{}
	head := []string{"test"}
	for _, r := range runs {
		head = append(head, r.Heading())
	}
	t.row(head...)
	add := func(name string, value func(train.Summary) float64) {
		row := []string{name}
		for _, r := range runs {
			row = append(row, number(4, value(r.Summary)))
		}
		t.row(row...)
	}
	add("accuracy", func(s train.Summary) float64 { return s.Test.Accuracy })
	add("balanced accuracy", func(s train.Summary) float64 { return s.Test.BalancedAccuracy })
	add("worst-class recall", func(s train.Summary) float64 { return s.Test.WorstClassRecall })
	add("macro-F1", func(s train.Summary) float64 { return s.Test.MacroF1 })
	for _, f := range []struct{ title, name string }{
		{"AUROC", "auroc"}, {"average precision", "auprc"},
		{"many-shot", "many_shot"}, {"medium-shot", "medium_shot"}, {"few-shot", "few_shot"},
		{"cost", "cost"},
	} {
		if has(runs, f.name) {
			add(f.title, func(s train.Summary) float64 { return value(s.Test, f.name) })
		}
	}
	for _, name := range asked(runs) {
		add(name, func(s train.Summary) float64 { return value(s.Test, name) })
	}
	add("calibration error", func(s train.Summary) float64 { return s.Test.ECE })
	add("log-loss", func(s train.Summary) float64 { return s.Test.LogLoss })
	for _, f := range []struct{ title, name string }{
		{"calibration error, corrected", "corrected_ece"}, {"log-loss, corrected", "corrected_log_loss"},
	} {
		if has(runs, f.name) {
			add(f.title, func(s train.Summary) float64 { return value(s.Test, f.name) })
		}
	}
	if len(runs) == 1 { // whose groups have a table of their own
		for _, f := range []struct{ title, name string }{{"worst group", "worst_group"}, {"group spread", "group_spread"}} {
			if has(runs, f.name) {
				add(f.title, func(s train.Summary) float64 { return value(s.Test, f.name) })
			}
		}
	}
	for _, group := range groups(runs) {
		add("balanced accuracy, "+group, func(s train.Summary) float64 {
			if m, ok := s.TestGroups[group]; ok {
				return m.BalancedAccuracy
			}
			return math.NaN()
		})
	}
	if slices.ContainsFunc(runs, func(r Run) bool { return r.Summary.Val != nil }) {
		add("balanced accuracy, validation", func(s train.Summary) float64 {
			if s.Val == nil {
				return math.NaN()
			}
			return s.Val.BalancedAccuracy
		})
	}
	return t
}

// value returns a figure by its name, NaN where there is none.
func value(m train.Metrics, name string) float64 {
	if v, ok := m.Value(name); ok {
		return v
	}
	return math.NaN()
}

// has tells whether a figure was measured in any of the runs. Shots are worth a
// row only where there are classes of more than one kind.
func has(runs []Run, name string) bool {
	return slices.ContainsFunc(runs, func(r Run) bool {
		v := value(r.Summary.Test, name)
		if strings.HasSuffix(name, "_shot") && v == r.Summary.Test.BalancedAccuracy {
			return false
		}
		return !math.IsNaN(v)
	})
}

// asked returns the names of figures that somebody has asked for by a number,
// in order.
func asked(runs []Run) []string {
	names := map[string]bool{}
	for _, r := range runs {
		for name := range r.Summary.Test.Figures {
			if strings.ContainsRune(name, '=') {
				names[name] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(names))
}

// groups returns the names of the test groups of several runs, in order; none of
// one run.
func groups(runs []Run) []string {
	if len(runs) == 1 {
		return nil
	}
	names := map[string]bool{}
	for _, r := range runs {
		for name := range r.Summary.TestGroups {
			names[name] = true
		}
	}
	return slices.Sorted(maps.Keys(names))
}

const (
	blockRows  = 12 // more classes than this are set in two blocks
	maxClasses = 80 // more than this are left out, the middle ones first
	maxName    = 24 // longer names of classes are cut
)

// Recalls prints the recall of every class, one column for each run, the
// class with the most training rows first. The runs share their data.
func Recalls(w io.Writer, runs []Run) {
	s := runs[0].Summary
	order := byCount(s.TrainCounts)
	t := &table{}
	head := []string{"class", "train"}
	for _, r := range runs {
		head = append(head, r.Heading())
	}
	if len(runs) == 1 {
		head[2] = "recall"
	}
	t.row(head...)
	shown, left := middleOut(order)
	for _, c := range shown {
		row := []string{shorten(s.Classes[c]), fmt.Sprint(s.TrainCounts[c])}
		for _, r := range runs {
			row = append(row, Recall(r.Summary, c))
		}
		t.row(row...)
	}
	blocks := 1
	if len(shown) > blockRows {
		blocks = 2
	}
	t.printColumns(w, blocks)
	if left > 0 {
		fmt.Fprintf(w, "(%d classes of middle size are left out; summary.json has them all)\n", left)
	}
}

// byCount returns the classes with the most training rows first.
func byCount(counts []int) []int {
	order := make([]int, len(counts))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(counts[b], counts[a]) })
	return order
}

// middleOut leaves out classes from the middle of the order if there are too
// many for a table.
func middleOut(order []int) (shown []int, left int) {
	if len(order) <= maxClasses {
		return order, 0
	}
	half := maxClasses / 2
	return append(slices.Clone(order[:half]), order[len(order)-half:]...), len(order) - maxClasses
}

// Recall writes the recall of a class.
func Recall(s train.Summary, class int) string { return number(3, recall(s, class)) }

// Number writes a figure.
func Number(f float64) string { return number(4, f) }

func recall(s train.Summary, class int) float64 {
	if class >= len(s.Test.PerClassRecall) {
		return math.NaN()
	}
	return s.Test.PerClassRecall[class]
}

// number writes a figure with so many digits; NaN, which says that there was
// nothing to measure, is a dash. Three digits are enough for the recall of a
// class, and keep two blocks of three models within 80 columns.
func number(digits int, f float64) string {
	if math.IsNaN(f) {
		return "-"
	}
	return strconv.FormatFloat(f, 'f', digits, 64)
}

func shorten(name string) string {
	if utf8.RuneCountInString(name) <= maxName {
		return name
	}
	return string([]rune(name)[:maxName-1]) + "…"
}

// Short returns the first digits of a checksum, enough to tell models apart.
func Short(sum string) string { return sum[:min(len(sum), 12)] }
