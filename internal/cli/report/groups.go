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
	left := max(0, len(s.TestGroups)-maxGroups)
	fmt.Fprintln(w)
	(&table{GroupRows(s, maxGroups)}).print(w)
	if left > 0 {
		fmt.Fprintf(w, "(%d groups of higher accuracy are left out; summary.json has them all)\n", left)
	}
}

// GroupRows returns the cells that [Groups] prints, the heads first, of at most
// so many groups.
func GroupRows(s train.Summary, most int) [][]string {
	names := slices.Sorted(maps.Keys(s.TestGroups))
	slices.SortStableFunc(names, func(a, b string) int {
		return cmp.Compare(s.TestGroups[a].Accuracy, s.TestGroups[b].Accuracy)
	})
	t := &table{}
	t.row("group", "rows", "accuracy", "balanced accuracy", "worst class")
	for _, name := range names[:min(most, len(names))] {
		m := s.TestGroups[name]
		row := []string{shorten(name), fmt.Sprint(m.Rows), number(4, m.Accuracy), number(4, m.BalancedAccuracy), number(4, m.WorstClassRecall)}
		if v, ok := m.Intervals["accuracy"]; ok {
			row = append(row, interval(v))
			t.rows[0] = append(t.rows[0][:5], "accuracy, 95 % interval")
		}
		t.row(row...)
	}
	return t.rows
}
