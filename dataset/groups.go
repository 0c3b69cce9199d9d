package dataset

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
)

// mostGroups is the largest number of groups that a column may make.
const mostGroups = 1000

// noValue is the group of the rows whose cell is empty.
const noValue = "(missing)"

// grouping is a division of all rows of a source into named groups.
type grouping struct {
	names []string // sorted, by value if all are numbers
	of    []int32  // by row number: an index into names
}

// grouped divides the rows by the cells of a column, which a flag names.
func (t *table) grouped(at int, flag string) (*grouping, error) {
	if t.frame.Columns[at].Many {
		return nil, t.tooManyGroups(at, flag)
	}
	code := map[string]int32{}
	g := &grouping{of: make([]int32, t.frame.Rows)}
	for row := range g.of {
		text := t.text(row, at)
		k, seen := code[text]
		if !seen {
			if k = int32(len(g.names)); k == mostGroups {
				return nil, t.tooManyGroups(at, flag)
			}
			code[text] = k
			g.names = append(g.names, text)
		}
		g.of[row] = k
	}
	first := slices.Clone(g.names)
	numbers := allNumbers(g.names)
	slices.SortFunc(g.names, func(a, b string) int {
		if numbers {
			return cmp.Or(cmp.Compare(number(a), number(b)), cmp.Compare(a, b))
		}
		return cmp.Compare(a, b)
	})
	for k, name := range g.names {
		code[name] = int32(k)
	}
	for row, k := range g.of {
		g.of[row] = code[first[k]]
	}
	return g, nil
}

func (t *table) tooManyGroups(at int, flag string) error {
	return fmt.Errorf("%s: %s: %s has more than %d different values; expected the column of a group",
		t.frame.Path, flag, t.frame.Describe(at), mostGroups)
}

// text returns a cell as text: that of a number is the shortest that gives it
// again.
func (t *table) text(row, at int) string {
	x, c := t.frame.Row(row)[at], &t.frame.Columns[at]
	switch {
	case math.IsNaN(x):
		return noValue
	case c.Kind.IsText():
		return c.Texts[int(x)]
	}
	return strconv.FormatFloat(x, 'g', -1, 64)
}

// sets returns the groups that have rows among those of a set.
func (g *grouping) sets(ids []int32) []Group {
	all := make([]Group, len(g.names))
	for i, id := range ids {
		k := g.of[id]
		all[k].Rows = append(all[k].Rows, int32(i))
	}
	for k, name := range g.names {
		all[k].Name = name
	}
	return slices.DeleteFunc(all, func(g Group) bool { return len(g.Rows) == 0 })
}

// groups hashes the groups of all rows, if there are any.
func (f *digest) groups(g *grouping) {
	if g == nil {
		return
	}
	f.text("groups")
	for _, name := range g.names {
		f.text(name)
	}
	for _, k := range g.of {
		f.small(uint32(k))
	}
	f.flush()
}

// GroupNames returns the names of the groups of Spec.GroupBy, sorted; nil
// without one. The caller must not change them.
func (d *Data) GroupNames() []string {
	if d.grouping == nil {
		return nil
	}
	return d.grouping.names
}

// GroupOf returns the group of the row of that number, an index into
// GroupNames. It panics if there are no groups.
func (d *Data) GroupOf(id int) int32 {
	if d.grouping == nil {
		panic("dataset: GroupOf without groups")
	}
	return d.grouping.of[id]
}
