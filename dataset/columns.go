package dataset

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/ballast-ml/ballast/internal/spell"
)

// looksNamed reports whether the first line of a table holds names: no feature
// in it is a number. One number is enough to take the line for data, so that a
// slip in the first row is an error and not a lost row.
func looksNamed(first []string, label string) bool {
	at, isIndex := labelIndex(label, len(first))
	if !isIndex && slices.Contains(first, label) {
		return true
	}
	for i, cell := range first {
		if i == at {
			continue
		}
		if _, err := strconv.ParseFloat(cell, 64); err == nil {
			return false
		}
	}
	return true
}

// labelIndex returns the column that label means if it is an index; -1 if it
// is out of range.
func labelIndex(label string, columns int) (at int, isIndex bool) {
	at, err := strconv.Atoi(label)
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

// wanted says which column is the label.
type wanted struct {
	label string // a name or an index, as in Spec
	index int    // where it is if it is a name and there is no header; -1: unknown
}

// find returns the index of the label column. A name goes before an index
// where a header has both.
func (w wanted) find(first []string, named bool) (int, error) {
	label := w.label
	if named {
		at := slices.Index(first, label)
		if at >= 0 && slices.Contains(first[at+1:], label) {
			return 0, fmt.Errorf("label column %q: the header has it twice; give its index", label)
		}
		if at >= 0 {
			return at, nil
		}
	}
	at, isIndex := labelIndex(label, len(first))
	switch {
	case at >= 0:
		return at, nil
	case isIndex:
		return 0, fmt.Errorf("label column %s: out of range; expected 0..%d, or -1 (the last) to -%d",
			label, len(first)-1, len(first))
	case !named && w.index >= len(first):
		return 0, fmt.Errorf("label column %q: expected at column index %d as in training, found %d columns", label, w.index, len(first))
	case !named && w.index >= 0:
		return w.index, nil
	case !named:
		return 0, fmt.Errorf("label column %q: line 1 is no header, so columns have no names; expected an index 0..%d, or -1 for the last",
			label, len(first)-1)
	}
	hint := ""
	if n := spell.Nearest(label, first); n != "" {
		hint = fmt.Sprintf(" (did you mean %q?)", n)
	}
	return 0, fmt.Errorf("label column %q: not in the header%s; the columns are: %s", label, hint, listed(first))
}

// listed joins names for a message, not more than fits there.
func listed(names []string) string {
	const most = 40
	if len(names) > most {
		return strings.Join(names[:most], ", ") + fmt.Sprintf(" and %d more", len(names)-most)
	}
	return strings.Join(names, ", ")
}

// column names column i, the label included, for a message.
func (t *table) column(i int) string {
	if t.header == nil {
		return fmt.Sprintf("column index %d", i)
	}
	return fmt.Sprintf("column index %d (%q)", i, t.header[i])
}

// features returns the names of the features, or nil without a header.
func (t *table) features() []string {
	if t.header == nil {
		return nil
	}
	return slices.Delete(slices.Clone(t.header), t.labelAt, t.labelAt+1)
}

// label returns what finds the label column in another file of the kind: its
// name, or its index.
func (t *table) label() string {
	if t.header == nil {
		return strconv.Itoa(t.labelAt)
	}
	return t.header[t.labelAt]
}

// like checks that t has the same columns as those of whose: features names,
// which may be nil, and their number.
func (t *table) like(names []string, width int, whose string) error {
	if t.width != width {
		return fmt.Errorf("%s: expected %d features and a label as in %s, found %d", t.path, width, whose, t.width)
	}
	mine := t.features()
	if mine == nil || names == nil {
		return nil
	}
	for j := range mine {
		if mine[j] != names[j] {
			return fmt.Errorf("%s: feature %d is %q, expected %q as in %s", t.path, j, mine[j], names[j], whose)
		}
	}
	return nil
}
