package frame

import (
	"fmt"
	"math"
	"slices"
	"unicode/utf8"
)

var nan = math.NaN()

// missing is the code of a text that stands for a missing cell.
const missing = -1

// block is what a worker makes of some records. Its memory is used again.
type block struct {
	d       *Dialect
	markers []float64 // numbers that stand for a missing cell

	cells []float64
	lines []int32
	rows  int
	dense bool         // no row is sparse
	texts []dictionary // of text columns
	count []tally
	err   error // of the first bad record; the rows are those before it
	line  int   // where the block ends
}

// tally counts the cells of a column that are not missing.
type tally struct {
	numbers, odd int
	first        Odd // the first odd one; Row is of the block
}

// dictionary numbers texts by their first appearance.
type dictionary struct {
	code  map[string]int32
	texts []string
	most  int // texts that are told apart
	many  bool
}

// newBlock returns an empty block for tables of dialect d.
func newBlock(d *Dialect) *block {
	b := &block{d: d, texts: make([]dictionary, len(d.Kinds)), count: make([]tally, len(d.Kinds))}
	for _, text := range d.Missing {
		if x, ok := number([]byte(text)); ok {
			b.markers = append(b.markers, x)
		}
	}
	return b
}

// reset empties the block.
func (b *block) reset() {
	b.cells, b.lines, b.rows, b.err, b.dense = b.cells[:0], b.lines[:0], 0, nil, true
	for i, kind := range b.d.Kinds {
		b.count[i] = tally{}
		if !kind.IsText() {
			continue
		}
		code := make(map[string]int32, 2*len(b.texts[i].texts))
		code[""] = missing
		for _, text := range b.d.Missing {
			code[text] = missing
		}
		b.texts[i] = dictionary{code: code, texts: b.texts[i].texts[:0:0], most: kind.most()}
	}
}

// parse reads records until r ends or one is bad.
func (b *block) parse(r *records) {
	b.reset()
	for {
		record, line, ok := r.next()
		if !ok {
			b.line = r.line
			return
		}
		if len(record) > maxRecord {
			b.err = &recordError{line, errLong}
			return
		}
		if b.d.Comment != 0 && record[0] == b.d.Comment {
			continue
		}
		if err := b.row(record); err != nil {
			b.err = &recordError{line, err}
			return
		}
		b.lines = append(b.lines, int32(line))
		b.rows++
	}
}

// recordError is an error of the record on a line.
type recordError struct {
	line int
	err  error
}

func (e *recordError) Error() string { return e.err.Error() }

// row adds a record.
func (b *block) row(record []byte) error {
	sep, kinds := b.d.Separator, b.d.Kinds
	if b.d.Defaults != nil && record[0] == '{' {
		return b.sparseRow(record)
	}
	if sep == ' ' {
		record = trim(record, sep)
	}
	from := len(b.cells)
	at := 0
	for i := range kinds {
		if at < 0 {
			return b.width(record, i)
		}
		if kinds[i] == Number && b.markers == nil {
			for sep != ' ' && at < len(record) && record[at] == ' ' {
				at++
			}
			x, n := prefix(record[at:])
			if end := at + n; n > 0 && (end == len(record) || record[end] == sep) {
				b.cells = append(b.cells, x)
				b.count[i].numbers++
				at = -1
				if end < len(record) {
					at = behind(record, end, sep)
				}
				continue
			}
		}
		text, next, err := cell(record[at:], sep)
		if err != nil {
			b.cells = b.cells[:from]
			return err
		}
		x, err := b.cell(i, text)
		if err != nil {
			b.cells = b.cells[:from]
			return err
		}
		b.cells = append(b.cells, x)
		if next < 0 {
			at = -1
		} else {
			at += next
		}
	}
	if at >= 0 {
		return b.width(record, len(kinds))
	}
	return nil
}

// width is the error of a record that has not as many cells as columns.
func (b *block) width(record []byte, atLeast int) error {
	all, err := cells(record, b.d.Separator)
	b.cells = b.cells[:b.rows*len(b.d.Kinds)]
	if err != nil {
		return err
	}
	return fmt.Errorf("expected %d columns as in the first line, found %d", len(b.d.Kinds), max(len(all), atLeast))
}

// cell returns what a Frame is to hold of a cell of column i.
func (b *block) cell(i int, text []byte) (float64, error) {
	count := &b.count[i]
	if b.d.Kinds[i].IsText() {
		code, err := b.texts[i].intern(text)
		if err != nil {
			return 0, fmt.Errorf("%s: %w", describe(b.d.Names, i), err)
		}
		if code < 0 {
			return nan, nil
		}
		if _, ok := number(text); ok {
			count.numbers++
		} else {
			count.odd++
		}
		return float64(code), nil
	}
	x, ok := number(text)
	switch {
	case len(text) == 0, slices.Contains(b.d.Missing, string(text)), ok && slices.Contains(b.markers, x):
		return nan, nil
	case ok:
		count.numbers++
		return x, nil
	}
	if count.odd == 0 {
		count.first = Odd{b.rows, string(text)}
	}
	count.odd++
	return nan, nil
}

// intern returns the code of a text; negative if it stands for a missing cell,
// or if there are too many texts to be told apart.
func (d *dictionary) intern(text []byte) (int32, error) {
	if code, ok := d.code[string(text)]; ok {
		return code, nil
	}
	switch {
	case !utf8.Valid(text):
		return 0, fmt.Errorf("expected UTF-8 text, found %s (iconv changes encodings)", quote(text))
	case d.many || len(d.texts) == d.most:
		d.many = true
		return missing, nil
	}
	code := int32(len(d.texts))
	name := string(text)
	d.code[name] = code
	d.texts = append(d.texts, name)
	return code, nil
}

// describe names column i for a message.
func describe(names []string, i int) string {
	if names == nil {
		return fmt.Sprintf("column index %d", i)
	}
	return fmt.Sprintf("column index %d (%q)", i, names[i])
}
