package dataset

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/ballast-ml/ballast/dataset/frame"
)

// table is the rows of a table source: those of the training files, then those
// of the test files, in one frame. Its columns are as in the first file.
type table struct {
	parts
	frame   *frame.Frame
	origins []origin
	columns []int             // of the features of Prep
	bags    map[int]*textBags // of columns of free text, that have been read
}

// origin is a file that rows of a table come from.
type origin struct {
	first int // its first row in the table
	frame *frame.Frame
}

// place names a row for a message.
func (t *table) place(row int32) string {
	at := len(t.origins) - 1
	for t.origins[at].first > int(row) {
		at--
	}
	return t.origins[at].frame.Place(int(row) - t.origins[at].first)
}

// openTable reads the table at place, and the test table if s names one.
func (from format) openTable(ctx context.Context, place string, s *Spec) (*raw, error) {
	roles := roles{s}
	f, origins, err := from.readAll(ctx, place, s, roles.width(), roles.kinds)
	if err != nil {
		return nil, err
	}
	return tableOf(ctx, place, s, f, origins)
}

// tableOf makes rows to choose from of the tables at place, which have been read
// into one.
func tableOf(ctx context.Context, place string, s *Spec, f *frame.Frame, origins []origin) (*raw, error) {
	t := &table{frame: f, origins: origins}
	var err error
	if t.parts, err = (roles{s}).of(f.Names(), len(f.Columns)); err != nil {
		return nil, fmt.Errorf("%s: %w", f.Path, err)
	}
	r := &raw{name: base(place), path: f.Path, kind: Table, train: f.Rows, table: t, place: t.place}
	if s.TestData != "" {
		if err := t.addTest(ctx, s); err != nil {
			return nil, err
		}
	}
	if err := cmp.Or(t.checkNumbers(), t.checkSplit()); err != nil {
		return nil, err
	}
	if t.group >= 0 {
		if r.by, err = t.grouped(t.group, "--group-by"); err != nil {
			return nil, err
		}
	}
	return r, t.classify(r, s)
}

// readAll reads the files of a place one behind the other.
func (from format) readAll(ctx context.Context, place string, s *Spec, columns int, want kinds) (*frame.Frame, []origin, error) {
	places, err := expand(place)
	if err != nil {
		return nil, nil, err
	}
	var all joined
	for _, place := range places {
		if all.f != nil {
			columns = len(all.f.Columns)
		}
		g, err := from.read(ctx, place, s, columns, all.kinds(want))
		if err == nil {
			err = all.add(s, g)
		}
		if err != nil {
			return nil, nil, err
		}
	}
	return all.f, all.origins, nil
}

// joined is tables one behind the other, by columns of the same names or places.
type joined struct {
	f       *frame.Frame // nil: there is none yet
	origins []origin
	picked  []int // columns of the next one, for each of the first's
}

// kinds is what has to be known of the next table; first of the first one.
func (j *joined) kinds(first kinds) kinds {
	if j.f == nil {
		return first
	}
	return func(names []string, n int) ([]frame.Kind, error) {
		var err error
		j.picked, err = j.f.Match(names, n)
		return sameKinds(j.f, j.picked, n), err
	}
}

// add adds the next one, which was read by kinds.
func (j *joined) add(s *Spec, g *frame.Frame) error {
	if j.f == nil {
		j.f, j.origins = g, []origin{{0, g}}
		return nil
	}
	j.origins = append(j.origins, origin{j.f.Rows, g})
	return s.memory().append(j.f, g, j.picked)
}

// read reads a file, and forgets what is in columns that nobody looks at.
func (from format) read(ctx context.Context, place string, s *Spec, columns int, want kinds) (*frame.Frame, error) {
	var wanted []frame.Kind
	f, err := from(ctx, place, s, columns, func(names []string, n int) ([]frame.Kind, error) {
		var err error
		wanted, err = want(names, n)
		return slices.Clone(wanted), err
	})
	if err != nil {
		return nil, err
	}
	for i, kind := range wanted {
		if kind == frame.Unused {
			f.Columns[i] = frame.Column{Name: f.Columns[i].Name, Kind: frame.Unused}
		}
	}
	return f, nil
}

// sameKinds returns the kinds of n columns, of which picked are those of f.
func sameKinds(f *frame.Frame, picked []int, n int) []frame.Kind {
	all := slices.Repeat([]frame.Kind{frame.Unused}, n)
	for i, at := range picked {
		all[at] = f.Columns[i].Kind
	}
	return all
}

// expand returns the files that a place with * ? or [ stands for, in order.
func expand(place string) ([]string, error) {
	if !strings.ContainsAny(place, "*?[") || strings.Contains(place, "://") {
		return []string{place}, nil
	}
	if _, err := os.Stat(place); err == nil {
		return []string{place}, nil // its very name
	}
	places, err := filepath.Glob(place)
	switch {
	case err != nil:
		return nil, fmt.Errorf("%s: %w", place, err)
	case len(places) == 0:
		return nil, fmt.Errorf("%s: no file matches", place)
	}
	slices.Sort(places)
	return places, nil
}

// addTest reads the test table and puts its rows behind those of t, by columns
// of the same names or places.
func (t *table) addTest(ctx context.Context, s *Spec) error {
	src, place, err := parseSource(s.TestData)
	if err != nil {
		return err
	}
	first := *t.frame
	var columns []int // of the test table, for each column of the first
	f, origins, err := src.format.readAll(ctx, place, s, len(first.Columns), func(names []string, n int) ([]frame.Kind, error) {
		var err error
		columns, err = first.Match(names, n)
		return sameKinds(&first, columns, n), err
	})
	if err != nil {
		return err
	}
	for _, o := range origins {
		t.origins = append(t.origins, origin{t.frame.Rows + o.first, o.frame})
	}
	t.frame = &first
	t.frame.Cells = slices.Clip(t.frame.Cells)
	t.frame.Lines = nil // places are found by the origins
	lines := f.Lines
	f.Lines = nil
	err = s.memory().append(t.frame, f, columns)
	f.Lines = lines
	return err
}

// forget lets go of the cells, which may lie in memory that is given back.
func (t *table) forget() {
	t.frame.Cells = nil
	for _, o := range t.origins {
		o.frame.Cells = nil
	}
}

// checkNumbers wants every cell of the numbers that a model is to see to be
// one, or missing.
func (t *table) checkNumbers() error {
	for _, at := range t.features {
		c := &t.frame.Columns[at]
		if c.Odd == nil {
			continue
		}
		column := (&Feature{Name: c.Name, Index: at}).word()
		return fmt.Errorf("%s: %s: expected a number as in most rows, found %q (--missing %[3]q if it stands for no value, --categorical %[4]q if the column holds categories, --drop %[4]q to leave it out)",
			t.place(int32(c.Odd.Row)), t.frame.Describe(at), c.Odd.Text, column)
	}
	return nil
}
