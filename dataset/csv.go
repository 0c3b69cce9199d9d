package dataset

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
)

// openCSV reads the table at path, and the test table if s names one.
func openCSV(ctx context.Context, path string, s *Spec) (*raw, error) {
	label := wanted{cmp.Or(s.Label, "-1"), -1}
	if s.Label == "" && s.Prep != nil {
		label = wanted{s.Prep.Label, s.Prep.LabelIndex}
	}
	t, err := readTable(ctx, path, label, s.Header)
	if err != nil {
		return nil, err
	}
	r := &raw{
		name:    base(path),
		path:    t.path,
		kind:    Table,
		shape:   []int{t.width},
		columns: t.features(),
		label:   t.label(),
		labelAt: t.labelAt,
		cells:   t.cells,
		train:   len(t.codes),
	}
	whose := t.path
	if s.Prep != nil {
		whose = "the stored model"
		if err := s.Prep.check(t.path, Table, r.shape); err != nil {
			return nil, err
		}
		if err := t.like(s.Prep.Columns, product(s.Prep.Shape), whose); err != nil {
			return nil, err
		}
		r.classes = s.Prep.Classes
	} else if r.classes, err = t.fitClasses(); err != nil {
		return nil, err
	}
	if r.labels, err = t.classify(r.classes, whose); err != nil {
		return nil, err
	}
	if s.TestData == "" {
		r.place = t.place
		return r, nil
	}
	return r, r.addTest(ctx, t, s, whose)
}

// addTest reads the test table and puts its rows behind those of t.
func (r *raw) addTest(ctx context.Context, t *table, s *Spec, whose string) error {
	_, path, _ := strings.Cut(s.TestData, ":") // Check knows that it is csv:FILE
	test, err := readTable(ctx, path, wanted{t.label(), t.labelAt}, s.Header)
	if err != nil {
		return err
	}
	if err := test.like(r.columns, t.width, t.path); err != nil {
		return err
	}
	labels, err := test.classify(r.classes, whose)
	if err != nil {
		return err
	}
	r.labels = slices.Concat(r.labels, labels)
	r.cells = slices.Concat(r.cells, test.cells)
	r.place = func(row int32) string {
		if int(row) < r.train {
			return t.place(row)
		}
		return test.place(row - int32(r.train))
	}
	return nil
}

// fitClasses returns the classes that the labels of a training table define.
func (t *table) fitClasses() ([]string, error) {
	classes := classesOf(t.texts)
	switch n := len(classes); {
	case n == 1:
		return nil, fmt.Errorf("%s: %s holds one class only (%q); expected the label column, with at least 2 classes",
			t.path, t.column(t.labelAt), classes[0])
	case n > 50 && 2*n > len(t.codes):
		return nil, fmt.Errorf("%s: %s has %d different values in %d rows; expected the column of a class",
			t.path, t.column(t.labelAt), n, len(t.codes))
	}
	return classes, nil
}

// place names a row of t for a message.
func (t *table) place(row int32) string { return fmt.Sprintf("%s:%d", t.path, t.lines[row]) }
