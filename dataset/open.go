package dataset

import (
	"context"
	"fmt"
)

// raw is what a source knows before rows are chosen. Rows are numbered through
// from the training file to the test file.
type raw struct {
	name    string
	path    string // for messages
	kind    Kind
	shape   []int
	classes []string
	columns []string // names of the features of a table, or nil
	label   string   // label column of a table: name or index
	labelAt int      // its index

	labels []int32 // of every row
	train  int     // rows of the training file; the others are test rows
	tail   float64 // long tail if none is asked for; 0: none
	order  []int32 // classes from the head of a long tail to its end; nil: as numbered

	pixels func(ctx context.Context, rows []int32) ([]uint8, error) // images
	cells  []float64                                                // tables: all rows
	place  func(row int32) string                                   // tables: file and line
	groups func(rows []int32) []Group                               // of test rows; or nil
}

// Open reads the data that s names, all of it, into memory. Every error is
// meant for the person who wrote s, except that of a ctx that ended.
func Open(ctx context.Context, s Spec) (*Data, error) {
	if err := Check(s); err != nil {
		return nil, err
	}
	src, place, err := parseSource(s.Data)
	if err != nil {
		return nil, err
	}
	r, err := src.open(ctx, place, &s)
	if err != nil {
		return nil, err
	}
	train, val, test, err := choose(r, &s)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", r.path, err)
	}
	return assemble(ctx, r, s.Prep, train, val, test)
}

// choose decides which rows train, validate and test, and flips labels of the
// first two in place: split, long tail, noise, validation, in this order.
func choose(r *raw, s *Spec) (train, val, test []int32, err error) {
	classes := len(r.classes)
	train = ascending(0, r.train)
	test = ascending(r.train, len(r.labels)-r.train)
	if len(test) == 0 {
		train, test = split(train, r.labels, classes, testFraction, s.Seed, streamSplit)
	}
	tail := s.LongTail
	if tail == 0 {
		tail = r.tail
	}
	if tail > 0 {
		order := r.order
		if order == nil {
			order = ascending(0, classes)
		}
		if train, err = longTail(train, r.labels, order, tail, s.Seed); err != nil {
			return nil, nil, nil, err
		}
	}
	rate, err := parseNoise(s.LabelNoise)
	if err != nil {
		return nil, nil, nil, err
	}
	flip(train, r.labels, classes, rate, s.Seed)
	if s.ValFraction > 0 {
		train, val = split(train, r.labels, classes, s.ValFraction, s.Seed, streamVal)
	}
	if s.Prep != nil {
		return train, val, test, nil // rows to evaluate need not hold every class
	}
	for c, of := range byClass(train, r.labels, classes) {
		if len(of) == 0 {
			return nil, nil, nil, fmt.Errorf("class %d (%s) has no training sample; expected at least one of each of the %d classes",
				c, r.classes[c], classes)
		}
	}
	return train, val, test, nil
}

// assemble reads the chosen rows.
func assemble(ctx context.Context, r *raw, stored *Prep, train, val, test []int32) (*Data, error) {
	d := &Data{Name: r.name, Kind: r.kind, Shape: r.shape, Classes: r.classes}
	if stored != nil {
		d.Prep = *stored
	} else {
		d.Prep = Prep{Kind: r.kind, Shape: r.shape, Classes: r.classes, Label: r.label, LabelIndex: r.labelAt, Columns: r.columns}
		if r.kind == Table {
			var err error
			if d.Prep.Mean, d.Prep.Std, err = fit(r, train); err != nil {
				return nil, err
			}
		}
	}
	content := newDigest(d.Prep)
	parts := []struct {
		name string
		rows []int32
		set  **Set
	}{{"train", train, &d.Train}, {"val", val, &d.Val}, {"test", test, &d.Test}}
	for _, p := range parts {
		set, err := r.read(ctx, p.rows, &d.Prep)
		if err != nil {
			return nil, err
		}
		content.add(p.name, r, set)
		*p.set = set
	}
	if r.groups != nil {
		d.Test.groups = r.groups(test)
	}
	d.Fingerprint = content.sum()
	return d, nil
}

// read makes a set of the given rows.
func (r *raw) read(ctx context.Context, rows []int32, prep *Prep) (*Set, error) {
	if err := context.Cause(ctx); err != nil {
		return nil, err
	}
	s := &Set{classes: len(r.classes), dim: product(r.shape), ids: rows, labels: make([]int32, len(rows))}
	for i, row := range rows {
		s.labels[i] = r.labels[row]
	}
	var err error
	if r.kind == Image {
		s.pixels, err = r.pixels(ctx, rows)
	} else {
		s.values, err = standardise(r, rows, prep)
	}
	return s, err
}
