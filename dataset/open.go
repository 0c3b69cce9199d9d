package dataset

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"

	"github.com/ballast-ml/ballast/internal/mapped"
)

// raw is what a source knows before rows are chosen. Rows are numbered through
// from the training file to the test file.
type raw struct {
	name    string
	path    string // for messages
	kind    Kind
	shape   []int
	classes []string
	target  []string // labels of class 0, if all others are class 1

	labels []int32 // of every row
	train  int     // rows of the training file; the others are test rows
	tail   float64 // long tail if none is asked for; 0: none
	order  []int32 // classes from the head of a long tail to its end; nil: as numbered

	pixels func(ctx context.Context, rows []int32) ([]uint8, error) // images
	table  *table                                                   // tables
	place  func(row int32) string                                   // tables: file and line
	groups func(rows []int32) []Group                               // of test rows; or nil
	by     *grouping                                                // tables: by the column Spec.GroupBy; or nil
}

// Open reads the data that s names, all of it, into memory or, where they are
// larger than s.InMemory, into files that stay until the program ends. Every error
// is meant for the person who wrote s, except that of a ctx that ended.
func Open(ctx context.Context, s Spec) (d *Data, err error) {
	if err := Check(s); err != nil {
		return nil, err
	}
	defer s.memory().close()
	if fault := mapped.Guard(func() { d, err = read(ctx, &s) }); fault != nil {
		return nil, fmt.Errorf("%s: %w", Shown(s.Data), fault)
	}
	return d, err
}

// read is Open for a Spec that has been checked. What it takes of s.memory for
// the time of the reading, nothing refers to behind it.
func read(ctx context.Context, s *Spec) (*Data, error) {
	src, place, err := parseSource(s.Data)
	if err != nil {
		return nil, err
	}
	if src.format != nil {
		src.open = src.format.openTable
	}
	var stream *Stream
	if s.Stream > 0 {
		stream = newStream(place, s)
		src.open = stream.openHead
	}
	r, err := src.open(ctx, place, s)
	if err != nil {
		return nil, err
	}
	if s.GroupBy != "" && r.table == nil {
		return nil, fmt.Errorf("%s: --group-by %s: expected a table; this source has no columns", r.path, s.GroupBy)
	}
	train, val, test, err := choose(r, s)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", r.path, err)
	}
	d, err := assemble(ctx, r, s, train, val, test)
	if stream != nil && err == nil {
		d.Stream, err = stream, stream.follow(d, r)
	}
	if r.table != nil {
		r.table.forget()
	}
	return d, err
}

// choose decides which rows train, validate and test, and flips labels of the
// first two in place: split, long tail, noise, validation, in this order.
func choose(r *raw, s *Spec) (train, val, test []int32, err error) {
	if s.Unlabelled {
		return nil, nil, ascending(0, len(r.labels)), nil
	}
	classes := len(r.classes)
	by, err := parseSplit(s.Split)
	if err != nil {
		return nil, nil, nil, err
	}
	train = ascending(0, r.train)
	test = ascending(r.train, len(r.labels)-r.train)
	switch {
	case r.table == nil && by.column != "", len(test) > 0 && (by.by == "kfold" || by.by == "leave"):
		return nil, nil, nil, fmt.Errorf("--split %s: expected one table without test data; this source has no such column, or test rows of its own", s.Split)
	case len(test) == 0:
		if train, test, err = r.divide(train, by, testFraction, s.Seed, streamSplit); err != nil {
			return nil, nil, nil, err
		}
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
		if train, val, err = r.divide(train, by, s.ValFraction, s.Seed, streamVal); err != nil {
			return nil, nil, nil, err
		}
	}
	if r.table != nil {
		if train, err = r.table.counting(train); err != nil {
			return nil, nil, nil, err
		}
	}
	if s.Prep != nil || s.Classes != "" {
		return train, val, test, nil // these rows need not hold every class
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
func assemble(ctx context.Context, r *raw, s *Spec, train, val, test []int32) (*Data, error) {
	d := &Data{Name: r.name, Kind: r.kind, Classes: r.classes, place: r.place}
	if err := d.prepare(r, s, train); err != nil {
		return nil, err
	}
	d.Warnings = slices.Concat(s.warnings, d.Warnings)
	content := newDigest(d.Prep)
	parts := []struct {
		name string
		rows []int32
		set  **Set
	}{{"train", train, &d.Train}, {"val", val, &d.Val}, {"test", test, &d.Test}}
	for _, p := range parts {
		set, err := d.read(ctx, r, p.rows, s.memory())
		if err != nil {
			return nil, err
		}
		if p.name == "train" && r.table != nil {
			if set.weights, err = r.table.weights(p.rows); err != nil {
				return nil, err
			}
		}
		content.add(p.name, set)
		*p.set = set
	}
	switch {
	case r.by != nil:
		for _, p := range parts {
			(*p.set).groups = r.by.sets(p.rows)
		}
		d.grouping = r.by
		content.groups(r.by)
	case r.groups != nil:
		d.Test.groups = r.groups(test)
	}
	d.Fingerprint = content.sum()
	if s.Prep == nil {
		d.warn(r, train)
	}
	return d, nil
}

// prepare says how samples are made of rows: as in a stored model, or by the
// training rows.
func (d *Data) prepare(r *raw, s *Spec, train []int32) (err error) {
	if s.Prep != nil {
		d.Prep, d.Shape = *s.Prep, s.Prep.Shape
		if r.kind == Table {
			r.table.columns = r.table.features
			if s.Unlabelled {
				d.Warnings = r.table.strangers(d.Prep.Features)
			}
		}
		return nil
	}
	d.Prep = Prep{Kind: r.kind, Shape: r.shape, Classes: r.classes, Target: r.target}
	if r.kind == Table {
		t := r.table
		d.Prep.Label, d.Prep.LabelIndex = cmp.Or(t.frame.Columns[t.label].Name, strconv.Itoa(t.label)), t.label
		if d.Prep.Features, d.Warnings, err = t.fit(train, s); err != nil {
			return err
		}
		width := 0
		for i := range d.Prep.Features {
			width += d.Prep.Features[i].Width()
			t.columns = append(t.columns, d.Prep.Features[i].Index)
		}
		d.Prep.Shape = []int{width}
	}
	d.Shape = d.Prep.Shape
	return nil
}

// read makes a set of the given rows.
func (d *Data) read(ctx context.Context, r *raw, rows []int32, to *room) (*Set, error) {
	if err := context.Cause(ctx); err != nil {
		return nil, err
	}
	s := &Set{classes: len(r.classes), dim: product(d.Shape), shape: d.Shape, ids: rows, labels: make([]int32, len(rows))}
	for i, row := range rows {
		s.labels[i] = r.labels[row]
	}
	var err error
	if r.kind == Image {
		s.pixels, err = r.pixels(ctx, rows)
		return s, err
	}
	e := newEncoder(r.table, d.Prep.Features, r.table.columns)
	s.dense = e.dense
	s.values, s.places, err = e.read(rows, to)
	s.bags = e.bags(rows)
	return s, err
}
