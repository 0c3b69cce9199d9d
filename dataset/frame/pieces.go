package frame

import (
	"bytes"
	"errors"
	"fmt"
)

// PieceSize is the number of bytes from which on a piece is large enough. Rows
// have two columns at least, so that no piece of this size has more than
// MaxTexts rows, and no text of it has to be given up.
const PieceSize = 256 << 10

// Cut returns where the last whole record of content ends, how many records and
// lines lie before that, but not more than the given number of records: content
// begins with a record, and may end anywhere, in the middle of one too, unless
// it has ended for good. So what is cut off does not depend on how the bytes
// have come. Blank lines are no records.
func (d *Dialect) Cut(content []byte, ended bool, most int) (size, rows, lines int) {
	limit := len(content)
	if !ended { // behind a line's end it is known whether a quote before it closes
		limit = bytes.LastIndexByte(content, d.EOL) + 1
	}
	r := newRecords(content[:limit], 0, 0, d.Separator, d.EOL)
	for rows < most && r.at < limit {
		quotes := r.quotes
		_, _, ok := r.next()
		if quotes && !r.quotes && !ended && len(content)-size <= maxRecord {
			break // it may close in what is still to come
		}
		size, lines = r.at, r.line
		if ok {
			rows++
		}
	}
	return size, rows, lines
}

// Pieces reads a text of which Cut has cut off whole records, piece by piece, in
// memory that is used again.
type Pieces struct {
	d Dialect
	b *block
}

// Pieces returns a reader of a text of dialect d, whose kinds are all decided.
func (d Dialect) Pieces() *Pieces {
	p := &Pieces{d: d}
	p.b = newBlock(&p.d)
	return p
}

// Read returns the table of a piece whose first line is the given one; it has no
// rows if all lines are blank. Its cells are valid until the next call. What it
// says of a row does not depend on the other rows of the piece.
func (p *Pieces) Read(path string, line int, content []byte) (*Frame, error) {
	b := p.b
	b.parse(newRecords(content, 0, line, p.d.Separator, p.d.EOL))
	if bad, ok := errors.AsType[*recordError](b.err); ok {
		return nil, fmt.Errorf("%s:%d: %w", path, bad.line, bad.err)
	}
	f := &Frame{Path: path, Named: p.d.Names != nil, Columns: make([]Column, len(p.d.Kinds)), Rows: b.rows, Cells: b.cells, Lines: b.lines}
	for i := range f.Columns {
		c := &f.Columns[i]
		c.Kind = p.d.Kinds[i]
		if f.Named {
			c.Name = p.d.Names[i]
		}
		switch {
		case c.Kind.IsText():
			c.Texts = b.texts[i].texts
		case c.Kind == Number && b.count[i].odd > 0:
			first := b.count[i].first
			c.Odd = &first
		}
	}
	return f, nil
}
