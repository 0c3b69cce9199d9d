package report

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"

	"github.com/ballast-ml/ballast/train"
)

// maxGroups is the largest number of groups that are shown.
const maxGroups = 20

// Groups prints what one model does on each group of the test rows, the one with
// the least accuracy first, behind an empty line; nothing if there are none.
func Groups(w io.Writer, s train.Summary) {
	if len(s.TestGroups) == 0 {
		return
	}
	names := slices.Sorted(maps.Keys(s.TestGroups))
	slices.SortStableFunc(names, func(a, b string) int {
		return cmp.Compare(s.TestGroups[a].Accuracy, s.TestGroups[b].Accuracy)
	})
	left := max(0, len(names)-maxGroups)
	t := &table{}
	t.row("group", "rows", "accuracy", "balanced accuracy", "worst class")
	for _, name := range names[:len(names)-left] {
		m := s.TestGroups[name]
		row := []string{shorten(name), fmt.Sprint(m.Rows), number(4, m.Accuracy), number(4, m.BalancedAccuracy), number(4, m.WorstClassRecall)}
		if v, ok := m.Intervals["accuracy"]; ok {
			row = append(row, interval(v))
		}
		t.row(row...)
	}
	if len(t.rows[1]) > len(t.rows[0]) {
		t.rows[0] = append(t.rows[0], "accuracy, 95 % interval")
	}
	fmt.Fprintln(w)
	t.print(w)
	if left > 0 {
		fmt.Fprintf(w, "(%d groups of higher accuracy are left out; summary.json has them all)\n", left)
	}
}
