package frame

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/ballast-ml/ballast/internal/spell"
)

// index returns the column that a word means if it is an index: from 0, or from
// -1 for the last backwards; not ok if it is none, -1 if it is out of range.
func index(word string, columns int) (at int, ok bool) {
	at, err := strconv.Atoi(word)
	if err != nil {
		return -1, false
	}
	if at < 0 {
		at += columns
	}
	if at < 0 || at >= columns {
		return -1, true
	}
	return at, true
}

// Find returns the column that a word means: its name among names, which may
// be nil, or its index among so many columns. A name goes before an index where
// there are both.
func Find(word string, names []string, columns int) (int, error) {
	if at := slices.Index(names, word); at >= 0 {
		if slices.Contains(names[at+1:], word) {
			return 0, fmt.Errorf("column %q: the header has it twice; give its index", word)
		}
		return at, nil
	}
	at, isIndex := index(word, columns)
	switch {
	case at >= 0:
		return at, nil
	case isIndex:
		return 0, fmt.Errorf("column %s: out of range; expected 0..%d, or -1 (the last) to -%d", word, columns-1, columns)
	case names == nil:
		return 0, fmt.Errorf("column %q: the columns have no names; expected an index 0..%d, or -1 for the last", word, columns-1)
	}
	hint := ""
	if n := spell.Nearest(word, names); n != "" {
		hint = fmt.Sprintf(" (did you mean %q?)", n)
	}
	return 0, fmt.Errorf("column %q: not in the header%s; the columns are: %s", word, hint, Listed(names))
}

// Listed joins names for a message, not more than fits there.
func Listed(names []string) string {
	const most = 40
	if len(names) > most {
		return strings.Join(names[:most], ", ") + fmt.Sprintf(" and %d more", len(names)-most)
	}
	return strings.Join(names, ", ")
}

// Split takes a list apart whose items are separated by commas; items with
// commas stand in quotes.
func Split(list string) ([]string, error) { return cells([]byte(list), ',') }

// Match finds the columns of f among others, of which there are n, with names
// or nil: by their names if both have some, else by their places.
func (f *Frame) Match(names []string, n int) ([]int, error) {
	columns := make([]int, len(f.Columns))
	if names == nil || !f.Named {
		if n != len(columns) {
			return nil, fmt.Errorf("expected %d columns as in %s, found %d", len(columns), f.Path, n)
		}
		for i := range columns {
			columns[i] = i
		}
		return columns, nil
	}
	for i, c := range f.Columns {
		switch at := slices.Index(names, c.Name); {
		case at >= 0 && (c.Name == "" || slices.Contains(names[at+1:], c.Name)): // several: by their places
			if i >= n || names[i] != c.Name {
				return nil, fmt.Errorf("column %q occurs several times; expected it at column index %d as in %s", c.Name, i, f.Path)
			}
			columns[i] = i
		case at >= 0:
			columns[i] = at
		default:
			return nil, fmt.Errorf("no column %q as in %s; the columns are: %s", c.Name, f.Path, Listed(names))
		}
	}
	return columns, nil
}

// Pick returns a frame of the given columns, in their order.
func (f *Frame) Pick(columns []int) *Frame {
	g := &Frame{Path: f.Path, Named: f.Named, Rows: f.Rows, Lines: f.Lines}
	same := len(columns) == len(f.Columns)
	for i, at := range columns {
		g.Columns = append(g.Columns, f.Columns[at])
		same = same && i == at
	}
	if same {
		g.Cells = f.Cells
		return g
	}
	g.Cells = make([]float64, 0, f.Rows*len(columns))
	for r := range f.Rows {
		row := f.Row(r)
		for _, at := range columns {
			g.Cells = append(g.Cells, row[at])
		}
	}
	return g
}
