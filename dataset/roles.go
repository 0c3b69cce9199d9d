package dataset

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/ballast-ml/ballast/dataset/frame"
)

// format reads the tables of one kind of file. There are so many columns in the
// first table, if this is another; 0 if nothing is known. Only a format whose
// files do not say how many they have looks at that.
type format func(ctx context.Context, place string, s *Spec, columns int, want kinds) (*frame.Frame, error)

// kinds says of what kind the columns of a file have to be: a value for each of
// n columns, whose names may be nil; Auto where the file may decide, and Unused
// where nobody looks.
type kinds func(names []string, n int) ([]frame.Kind, error)

// roles says what the columns of the first table are for.
type roles struct{ s *Spec }

// parts are the columns of a table by what they are for; -1 for none.
type parts struct {
	label    int
	split    int   // the one that rows are divided by
	weight   int   // how much a row counts
	group    int   // the one that groups rows
	features []int // to learn from
}

// of returns what the columns are for, which may have names. What rows are split
// by is no feature: the test rows hold values of it that no training row has.
func (o roles) of(names []string, n int) (parts, error) {
	p := parts{-1, -1, -1, -1, nil}
	var err error
	if !o.s.Unlabelled {
		if p.label, err = o.label(names, n); err != nil {
			return p, err
		}
	}
	if by, err := parseSplit(o.s.Split); err == nil && by.column != "" { // Check has looked at the word
		if p.split, err = frame.Find(by.column, names, n); err != nil {
			return p, fmt.Errorf("--split: %w", err)
		}
	}
	if o.s.Weight != "" {
		if p.weight, err = frame.Find(o.s.Weight, names, n); err != nil {
			return p, fmt.Errorf("--weight: %w", err)
		}
		if p.weight == p.label || p.weight == p.split {
			return p, fmt.Errorf("--weight: column %s is the label, or rows are split by it", name(names, p.weight))
		}
	}
	if o.s.GroupBy != "" {
		if p.group, err = frame.Find(o.s.GroupBy, names, n); err != nil {
			return p, fmt.Errorf("--group-by: %w", err)
		}
	}
	if o.s.Prep != nil {
		for i := range o.s.Prep.Features {
			at, err := stored(&o.s.Prep.Features[i], names, n)
			if err != nil {
				return p, err
			}
			p.features = append(p.features, at)
		}
		return p, nil
	}
	dropped, err := columns("drop", o.s.Drop, names, n)
	if err != nil {
		return p, err
	}
	if slices.Contains(dropped, p.label) {
		return p, fmt.Errorf("--drop: column %s is the label", name(names, p.label))
	}
	for i := range n {
		if i != p.label && i != p.split && i != p.weight && (i != p.group || o.s.GroupFeature) && !slices.Contains(dropped, i) {
			p.features = append(p.features, i)
		}
	}
	if len(p.features) == 0 {
		return p, fmt.Errorf("expected columns beside the label, found none")
	}
	return p, nil
}

// kinds is what has to be known before the cells are read.
func (o roles) kinds(names []string, n int) ([]frame.Kind, error) {
	parts, err := o.of(names, n)
	if err != nil {
		return nil, err
	}
	all := slices.Repeat([]frame.Kind{frame.Unused}, n)
	for _, at := range parts.features {
		all[at] = frame.Auto
	}
	if parts.split >= 0 {
		all[parts.split] = frame.Auto
	}
	if p := o.s.Prep; p != nil {
		for i, at := range parts.features {
			all[at] = frame.Number
			switch f := &p.Features[i]; {
			case f.IsCategory():
				all[at] = frame.Text
			case f.IsText():
				all[at] = frame.Free
			}
		}
	} else {
		categorical, err := columns("categorical", o.s.Categorical, names, n)
		if err != nil {
			return nil, err
		}
		texts, err := columns("text", o.s.Text, names, n)
		if err != nil {
			return nil, err
		}
		for _, at := range texts {
			if all[at] != frame.Auto || at == parts.split || slices.Contains(categorical, at) {
				return nil, fmt.Errorf("--text: column %s is named for something else, too", name(names, at))
			}
			all[at] = frame.Free
		}
		for _, at := range categorical {
			if all[at] == frame.Auto {
				all[at] = frame.Text
			}
		}
	}
	if parts.weight >= 0 {
		all[parts.weight] = frame.Number
	}
	if parts.label >= 0 {
		all[parts.label] = frame.Text
	}
	if at := parts.group; at >= 0 && at != parts.weight && !slices.Contains(parts.features, at) {
		all[at] = frame.Text
	}
	return all, nil
}

// width returns the number of columns that a stored model needs; 0 if there is
// no such model.
func (o roles) width() int {
	n := 0
	if p := o.s.Prep; p != nil {
		n = p.LabelIndex + 1
		for _, f := range p.Features {
			n = max(n, f.Index+1)
		}
	}
	return n
}

// label finds the label column.
func (o roles) label(names []string, n int) (int, error) {
	word, p := o.s.Label, o.s.Prep
	if word == "" && p != nil {
		word = p.Label
		if names == nil {
			if p.LabelIndex < 0 || p.LabelIndex >= n {
				return 0, fmt.Errorf("label column %q: expected at column index %d as in training, found %d columns", word, p.LabelIndex, n)
			}
			return p.LabelIndex, nil
		}
	}
	at, err := frame.Find(cmp.Or(word, "-1"), names, n)
	if err != nil {
		return 0, fmt.Errorf("label %w", err)
	}
	return at, nil
}

// stored finds the column of a feature of a stored model.
func stored(f *Feature, names []string, n int) (int, error) {
	if names != nil && f.Name != "" {
		at, err := frame.Find(f.Name, names, n)
		if err != nil {
			return 0, fmt.Errorf("a feature of the stored model: %w", err)
		}
		return at, nil
	}
	if f.Index >= n {
		return 0, fmt.Errorf("a feature of the stored model: expected at column index %d, found %d columns", f.Index, n)
	}
	return f.Index, nil
}

// columns finds the columns of a list that a flag gives.
func columns(flag, list string, names []string, n int) ([]int, error) {
	words, err := splitList(list)
	if err != nil {
		return nil, fmt.Errorf("--%s: %w", flag, err)
	}
	var all []int
	for _, word := range words {
		at, err := frame.Find(word, names, n)
		if err != nil {
			return nil, fmt.Errorf("--%s: %w", flag, err)
		}
		all = append(all, at)
	}
	return all, nil
}

// splitList takes a list apart whose items are separated by commas, those with
// commas in quotes.
func splitList(list string) ([]string, error) {
	if strings.TrimSpace(list) == "" {
		return nil, nil
	}
	return frame.Split(list)
}

// name names a column for a message.
func name(names []string, at int) string {
	if names == nil {
		return strconv.Itoa(at)
	}
	return strconv.Quote(names[at])
}
