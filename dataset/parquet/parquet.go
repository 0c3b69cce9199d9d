// Package parquet reads Parquet files into frames. It is the only importer of
// the library that takes their pages apart.
//
// What is read is flat: columns of truth values, whole and decimal numbers,
// dates, times and texts, each with missing cells or without. A column of lists,
// maps or structures is an error that names it, unless nobody wants it.
package parquet

import (
	"context"
	"errors"
	"fmt"
	"math"
	"runtime"
	"slices"
	"sync"

	"github.com/parquet-go/parquet-go"

	"github.com/ballast-ml/ballast/dataset/frame"
)

// Want says of what kind the columns of a file have to be, given their names:
// Number, Text, Free, Unused, or Auto where the file is to decide.
type Want func(names []string, n int) ([]frame.Kind, error)

// Parse reads a file, whose content is all there. The texts in missing stand for
// a missing cell, as null, NaN and the empty text always do; so do numbers that
// are written so. Where the file decides, truth values and texts are texts and
// all else are numbers: dates are days since 1970, times and timestamps seconds.
// Rows are those of the row groups in order. Damage is an error that names the
// file and the column.
func Parse(ctx context.Context, path string, content []byte, missing []string, want Want) (*frame.Frame, error) {
	o := &overlay{content: content}
	file, err := open(o)
	if err != nil {
		return nil, fmt.Errorf("%s: expected a Parquet file: %w", path, err)
	}
	columns := file.Root().Columns()
	if len(columns) < 2 {
		return nil, fmt.Errorf("%s: expected at least 2 columns, found %d", path, len(columns))
	}
	f := &frame.Frame{Path: path, Named: true, Columns: make([]frame.Column, len(columns))}
	for i, c := range columns {
		f.Columns[i].Name = c.Name()
	}
	kinds, err := want(f.Names(), len(columns))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	read := make([]*column, len(columns))
	for i, c := range columns {
		if kinds[i] == frame.Unused {
			continue
		}
		if read[i], err = newColumn(c, kinds[i], missing); err == nil {
			err = o.inspect(file, read[i])
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %s: %w", path, f.Describe(i), err)
		}
	}
	if err := readAll(ctx, file, read); err != nil {
		var bad *columnError
		if errors.As(err, &bad) {
			return nil, fmt.Errorf("%s: %s: %w", path, f.Describe(bad.column), bad.err)
		}
		return nil, err
	}
	if err := join(f, read); err != nil {
		return nil, err
	}
	return f, nil
}

// open reads the head of a file.
func open(o *overlay) (f *parquet.File, err error) {
	defer caught(&err)
	if err := checkFooter(o.content); err != nil {
		return nil, err
	}
	return parquet.OpenFile(o, int64(len(o.content)),
		parquet.SkipPageIndex(true), parquet.SkipBloomFilters(true), parquet.FileReadMode(parquet.ReadModeSync))
}

// caught makes an error of a panic: the library panics on some damage.
func caught(err *error) {
	if p := recover(); p != nil {
		*err = fmt.Errorf("it is damaged: %v", p)
	}
}

// columnError is what is wrong with a column.
type columnError struct {
	column int
	err    error
}

func (e *columnError) Error() string { return e.err.Error() }

// readAll reads the cells of the columns that are not nil, as many columns at a
// time as there are processors. Of several errors it returns that of the first
// column.
func readAll(ctx context.Context, file *parquet.File, columns []*column) error {
	errs := make([]error, len(columns))
	next := make(chan int)
	var all sync.WaitGroup
	for range max(1, runtime.GOMAXPROCS(0)) {
		all.Go(func() {
			for i := range next {
				errs[i] = columns[i].read(ctx, file)
			}
		})
	}
	for i, c := range columns {
		if c != nil {
			next <- i
		}
	}
	close(next)
	all.Wait()
	if err := context.Cause(ctx); err != nil {
		return err
	}
	for i, err := range errs {
		if err != nil {
			return &columnError{i, err}
		}
	}
	return nil
}

// join puts the cells of the columns into the rows of f. Those of columns that
// were not read are missing.
func join(f *frame.Frame, columns []*column) error {
	at := slices.IndexFunc(columns, func(c *column) bool { return c != nil })
	if at < 0 || len(columns[at].cells) == 0 {
		return fmt.Errorf("%s: no rows", f.Path)
	}
	f.Rows = len(columns[at].cells)
	if f.Rows > math.MaxInt32 {
		return fmt.Errorf("%s: more than %d rows", f.Path, math.MaxInt32)
	}
	for i, c := range columns {
		if c != nil && len(c.cells) != f.Rows {
			return fmt.Errorf("%s: %s: %d cells, other columns have %d", f.Path, f.Describe(i), len(c.cells), f.Rows)
		}
	}
	f.Cells = make([]float64, f.Rows*len(columns))
	for i, c := range columns {
		if c == nil {
			f.Columns[i].Kind = frame.Number
			for at := i; at < len(f.Cells); at += len(columns) {
				f.Cells[at] = math.NaN()
			}
			continue
		}
		for row, x := range c.cells {
			f.Cells[row*len(columns)+i] = x
		}
		f.Columns[i].Kind, f.Columns[i].Texts, f.Columns[i].Many = c.kind, c.texts, c.many
		c.cells = nil
	}
	return nil
}
