package frame

import (
	"bytes"
	"fmt"
	"strconv"
)

// errDense is a table whose sparse rows stand for too many cells.
var errDense = fmt.Errorf("sparse rows stand for more than %d cells, too many to be read densely", maxDense)

// sparseRow adds the record {INDEX VALUE, INDEX VALUE, ...}, the indices ascending
// from 0 on.
func (b *block) sparseRow(record []byte) error {
	from, n := len(b.cells), len(b.d.Kinds)
	b.dense = false
	if from+n > maxDense {
		return errDense
	}
	inside, closed := bytes.CutSuffix(trim(record[1:], b.d.Separator), []byte{'}'})
	if !closed {
		return fmt.Errorf("expected a sparse row to end with }, found %s", quote(record))
	}
	err := b.sparseCells(trim(inside, b.d.Separator))
	if err == nil {
		err = b.leftOut(from, n)
	}
	if err != nil {
		b.cells = b.cells[:from]
	}
	return err
}

// sparseCells adds the cells of a sparse row, and those left out in front of them.
func (b *block) sparseCells(inside []byte) error {
	from := len(b.cells)
	for len(inside) > 0 {
		inside = inside[blanks(inside, b.d.Separator):]
		digits := 0
		for digits < len(inside) && inside[digits]-'0' <= 9 {
			digits++
		}
		gap := blanks(inside[digits:], b.d.Separator)
		index, err := strconv.Atoi(string(inside[:digits]))
		switch {
		case err != nil || gap == 0:
			return fmt.Errorf("expected INDEX VALUE in a sparse row, found %s", quote(inside))
		case index >= len(b.d.Kinds):
			return fmt.Errorf("index %d in a sparse row: expected 0..%d", index, len(b.d.Kinds)-1)
		case index < len(b.cells)-from:
			return fmt.Errorf("expected ascending indices in a sparse row, found %d after %d", index, len(b.cells)-from-1)
		}
		if err := b.leftOut(from, index); err != nil {
			return err
		}
		text, next, err := cell(inside[digits+gap:], b.d.Separator)
		if err != nil {
			return err
		}
		x, err := b.cell(index, text)
		if err != nil {
			return err
		}
		b.cells = append(b.cells, x)
		if next < 0 {
			return nil
		}
		inside = inside[digits+gap+next:]
	}
	return nil
}

// leftOut adds the defaults of the columns of the row from position from on, up
// to a column.
func (b *block) leftOut(from, column int) error {
	for i := len(b.cells) - from; i < column; i++ {
		x, err := b.cell(i, []byte(b.d.Defaults[i]))
		if err != nil {
			return err
		}
		b.cells = append(b.cells, x)
	}
	return nil
}
