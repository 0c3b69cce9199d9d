package frame

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strconv"
)

// Limits of what a sparse file may stand for.
const (
	maxDense = 1 << 28 // cells
	maxIndex = 1 << 20
)

// ParseLibSVM reads a file of lines "LABEL INDEX:VALUE ...", the indices
// ascending from 0 or 1 on; what is not given is 0. Text behind # is a comment,
// and qid:N is passed over. Column i has index i, the last column is the label;
// there are at least so many columns.
func ParseLibSVM(ctx context.Context, path string, content []byte, columns int) (*Frame, error) {
	p := libsvm{label: newDictionary()}
	eol := byte('\n')
	r := newRecords(content, 0, 1, ' ', eol)
	r.quotes = false
	for {
		record, line, ok := r.next()
		if !ok {
			break
		}
		if len(p.lines)%4096 == 0 {
			if err := context.Cause(ctx); err != nil {
				return nil, err
			}
		}
		if err := p.row(record); err != nil {
			return nil, fmt.Errorf("%s:%d: %w", path, line, err)
		}
		if len(p.ends) > len(p.lines) {
			p.lines = append(p.lines, int32(line))
		}
	}
	if len(p.lines) == 0 {
		return nil, fmt.Errorf("%s: the file is empty; expected lines such as LABEL INDEX:VALUE INDEX:VALUE", path)
	}
	width := max(p.width+1, columns)
	if width > maxDense/len(p.lines) {
		return nil, fmt.Errorf("%s: %d rows of %d values are too many to be read densely; expected at most %d values", path, len(p.lines), width, maxDense)
	}
	return p.frame(path, width), nil
}

// libsvm is what has been read of such a file.
type libsvm struct {
	label   dictionary
	codes   []float64
	indices []int32
	values  []float64
	ends    []int // of each row in indices and values
	lines   []int32
	width   int // the largest index and 1
}

func newDictionary() dictionary {
	return dictionary{code: map[string]int32{"": missing}, most: MaxTexts}
}

// row reads a line.
func (p *libsvm) row(record []byte) error {
	record, _, _ = bytes.Cut(record, []byte{'#'})
	fields := bytes.Fields(record)
	if len(fields) == 0 {
		return nil
	}
	code, err := p.label.intern(fields[0])
	switch {
	case err != nil:
		return err
	case bytes.IndexByte(fields[0], ':') >= 0:
		return fmt.Errorf("expected a label first, found %s", quote(fields[0]))
	case code < 0:
		return fmt.Errorf("more than %d different labels; expected classes", MaxTexts)
	}
	last := -1
	for _, field := range fields[1:] {
		at, value, ok := bytes.Cut(field, []byte{':'})
		if string(at) == "qid" {
			continue
		}
		index, err := strconv.ParseUint(string(at), 10, 30)
		x, isNumber := number(value)
		switch {
		case !ok || err != nil:
			return fmt.Errorf("expected INDEX:VALUE, found %s", quote(field))
		case index >= maxIndex:
			return fmt.Errorf("index %d: expected less than %d; rows so wide are not read", index, maxIndex)
		case !isNumber:
			return fmt.Errorf("index %d: expected a finite number, found %s", index, quote(value))
		case int(index) <= last:
			return errors.New("expected ascending indices, found " + strconv.FormatUint(index, 10) + " after " + strconv.Itoa(last))
		}
		last = int(index)
		p.width = max(p.width, last+1)
		p.indices, p.values = append(p.indices, int32(index)), append(p.values, x)
	}
	p.codes, p.ends = append(p.codes, float64(code)), append(p.ends, len(p.indices))
	return nil
}

// frame writes the rows out.
func (p *libsvm) frame(path string, width int) *Frame {
	f := &Frame{Path: path, Named: true, Rows: len(p.lines), Lines: p.lines, Columns: make([]Column, width)}
	for i := range width - 1 {
		f.Columns[i] = Column{Name: "index " + strconv.Itoa(i), Kind: Number}
	}
	f.Columns[width-1] = Column{Name: "label", Kind: Text, Texts: p.label.texts}
	f.Cells = make([]float64, f.Rows*width)
	from := 0
	for row, end := range p.ends {
		cells := f.Row(row)
		cells[width-1] = p.codes[row]
		for k := from; k < end; k++ {
			cells[p.indices[k]] = p.values[k]
		}
		from = end
	}
	return f
}
