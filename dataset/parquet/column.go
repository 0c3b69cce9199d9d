package parquet

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"unicode/utf8"

	"github.com/parquet-go/parquet-go"

	"github.com/ballast-ml/ballast/dataset/frame"
)

// column is what is read of a column.
type column struct {
	index   int // among the leaves of the file
	kind    frame.Kind
	value   cell
	missing []string  // texts that stand for a missing cell
	markers []float64 // and those of them that are numbers

	cells []float64
	code  map[string]float64
	texts []string
	many  bool
}

// newColumn prepares the reading of a column as the kind that is wanted.
func newColumn(c *parquet.Column, want frame.Kind, missing []string) (*column, error) {
	const hint = "expected a flat column of numbers, dates, texts or truth values, found %s (--drop %s leaves it out)"
	if !c.Leaf() || c.Repeated() {
		return nil, fmt.Errorf(hint, "a nested one", c.Name())
	}
	value, kind := cellOf(c.Type())
	if value == nil {
		return nil, fmt.Errorf(hint, c.Type(), c.Name())
	}
	if want == frame.Number && kind == frame.Text {
		return nil, errors.New("expected numbers as in the first file, in training or of weights, found texts or truth values")
	}
	if want.IsText() {
		kind = want
	}
	col := &column{index: c.Index(), kind: kind, value: value, missing: missing, code: map[string]float64{"": math.NaN()}}
	for _, text := range missing {
		col.code[text] = math.NaN()
		if x, err := strconv.ParseFloat(text, 64); err == nil {
			col.markers = append(col.markers, x)
		}
	}
	return col, nil
}

// read reads the cells of all row groups.
func (c *column) read(ctx context.Context, file *parquet.File) (err error) {
	defer caught(&err)
	for g, group := range file.RowGroups() {
		chunks := group.ColumnChunks()
		if c.index < 0 || c.index >= len(chunks) {
			return fmt.Errorf("row group %d has no such column; it is damaged", g)
		}
		before := len(c.cells)
		if err := c.chunk(ctx, chunks[c.index]); err != nil {
			return fmt.Errorf("row group %d: %w", g, err)
		}
		if n := len(c.cells) - before; int64(n) != group.NumRows() {
			return fmt.Errorf("row group %d: expected %d cells, found %d; it is damaged", g, group.NumRows(), n)
		}
	}
	return nil
}

// chunk reads the cells of a row group.
func (c *column) chunk(ctx context.Context, chunk parquet.ColumnChunk) error {
	pages := chunk.Pages()
	defer pages.Close()
	values := make([]parquet.Value, 512)
	for {
		if err := context.Cause(ctx); err != nil {
			return err
		}
		page, err := pages.ReadPage()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		err = c.page(page, values)
		parquet.Release(page)
		if err != nil {
			return err
		}
	}
}

// page reads the cells of a page, by way of some values.
func (c *column) page(page parquet.Page, values []parquet.Value) error {
	r := page.Values()
	for {
		n, err := r.ReadValues(values)
		for _, v := range values[:n] {
			x, err := c.cell(v)
			if err != nil {
				return fmt.Errorf("row %d: %w", len(c.cells), err)
			}
			c.cells = append(c.cells, x)
		}
		switch {
		case err == io.EOF:
			return nil
		case err != nil:
			return err
		case n == 0:
			return io.ErrNoProgress
		}
	}
}

// cell returns what a frame holds of a value.
func (c *column) cell(v parquet.Value) (float64, error) {
	if v.IsNull() {
		return math.NaN(), nil
	}
	x, text := c.value(v)
	switch {
	case text == nil && math.IsInf(x, 0):
		return 0, fmt.Errorf("expected a finite number, found %g", x)
	case text == nil && (math.IsNaN(x) || slices.Contains(c.markers, x)):
		return math.NaN(), nil
	case c.kind == frame.Number:
		return x, nil
	case text == nil:
		text = strconv.AppendFloat(nil, x, 'f', -1, 64)
	}
	return c.intern(text)
}

// intern returns the code of a text; NaN if it stands for a missing cell, or if
// there are too many texts to be told apart.
func (c *column) intern(text []byte) (float64, error) {
	if code, ok := c.code[string(text)]; ok {
		return code, nil
	}
	switch {
	case !utf8.Valid(text):
		return 0, fmt.Errorf("expected UTF-8 text, found %.40q", text)
	case c.many:
		return math.NaN(), nil
	case c.kind != frame.Free && len(c.texts) == frame.MaxTexts:
		c.many, c.texts = true, nil
		for i := range c.cells {
			c.cells[i] = math.NaN()
		}
		clear(c.code)
		return math.NaN(), nil
	}
	code := float64(len(c.texts))
	name := string(text)
	c.code[name] = code
	c.texts = append(c.texts, name)
	return code, nil
}
