package frame

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"unicode/utf8"
)

// Options say what is known of a text before it is read. The zero value knows
// nothing.
type Options struct {
	Separator byte   // between cells; 0: found out
	Header    string // whether the first record holds names: yes, no, or auto (or empty)
	// Label is the column of the label: a name, which makes a header of the first
	// record if it occurs there, or an index, which does not look at its cells.
	Label string
	// Missing are the texts that stand for a missing cell, as the empty one
	// always does; nil: DefaultMissing.
	Missing []string
}

// DefaultMissing are the texts that stand for a missing cell if nothing else is
// said.
var DefaultMissing = []string{"?", "NA", "N/A", "nan", "NaN", "null", "NULL"}

// Dialect is how a text is to be read. Together with the content it decides the
// frame.
type Dialect struct {
	Separator byte     `json:"separator"`
	Names     []string `json:"names"` // nil: the text has no header
	// Kinds has a value for each column. What is Auto becomes text if more than
	// one cell in ten that is not missing is no number.
	Kinds   []Kind   `json:"kinds"`
	Missing []string `json:"missing"`

	EOL  byte `json:"eol"`
	Body int  `json:"body"` // where the rows begin
	Line int  `json:"line"` // on which line

	Comment byte `json:"comment,omitempty"` // begins records that are passed over
	// Defaults are the texts of the cells that a sparse row leaves out, one for each
	// column; nil: rows in braces are as all others.
	Defaults []string `json:"defaults,omitempty"`

	// Room, if set, gives an empty slice with room for n cells, in place of the
	// heap. It changes nothing in what is read.
	Room func(n int) ([]float64, error) `json:"-"`
}

// sample is the number of rows by which first guesses are made.
const sample = 1000

// Sniff finds out the dialect of a text by how it begins; content may end where
// it likes, in the middle of a record too, if that is not among the first.
func Sniff(path string, content []byte, o Options) (Dialect, error) {
	d := Dialect{Separator: o.Separator, Missing: o.Missing, EOL: '\n', Line: 1}
	if d.Missing == nil {
		d.Missing = DefaultMissing
	}
	if bytes.HasPrefix(content, []byte("\ufeff")) {
		d.Body = 3
	}
	if bytes.IndexByte(content, '\n') < 0 && bytes.IndexByte(content, '\r') >= 0 {
		d.EOL = '\r'
	}
	r := newRecords(content, d.Body, 1, cmpOr(d.Separator, ','), d.EOL)
	record, line, ok := r.next()
	switch {
	case !ok:
		return d, fmt.Errorf("%s: the file is empty; expected rows of cells with a label column", path)
	case len(record) > maxRecord:
		return d, fmt.Errorf("%s:%d: %w", path, line, errLong)
	}
	var err error
	if d.Separator == 0 {
		d.Separator, err = separator(record)
	}
	var first []string
	if err == nil {
		r.sep = d.Separator
		first, err = cells(record, d.Separator)
	}
	if err == nil && len(first) < 2 {
		err = fmt.Errorf("expected columns separated by %q, found one column: %s", d.Separator, quote(record))
	}
	if err != nil {
		return d, fmt.Errorf("%s:%d: %w", path, line, err)
	}
	d.Kinds = make([]Kind, len(first))
	if o.Header == "yes" || o.Header != "no" && d.named(first, r, o.Label) {
		for i, name := range first {
			if !utf8.ValidString(name) {
				return d, fmt.Errorf("%s:%d: the name of column index %d is not UTF-8 text: %q", path, line, i, name)
			}
		}
		d.Names = first
		// the walk went on to look at rows: go back
		r = newRecords(content, d.Body, 1, d.Separator, d.EOL)
		r.next()
		d.Body, d.Line = r.at, r.line
	}
	return d, nil
}

func cmpOr(a, b byte) byte {
	if a != 0 {
		return a
	}
	return b
}

// separator returns the one that a record uses: the first of tab, semicolon,
// comma, bar and space that occurs outside quotes. The order matters: a comma
// may be a decimal comma between semicolons, a space may follow any of them.
func separator(record []byte) (byte, error) {
	for _, sep := range []byte("\t;,| ") {
		all, err := cells(record, sep)
		if errors.Is(err, errOpen) {
			continue // of another separator, a quote may be a part of a cell
		}
		if len(all) > 1 {
			return sep, nil
		}
	}
	if _, err := cells(record, ','); err != nil {
		return 0, err
	}
	return 0, fmt.Errorf("expected columns separated by commas, semicolons, tabs, bars or spaces, found one column: %s", quote(record))
}

// named reports whether the first record of a table holds names: the label is
// among them, or no cell of it is a number or missing and something tells it
// from the rows that follow, which r is at. One number is enough to take it for
// a row, so that a slip in the first row is an error and not a lost row.
func (d *Dialect) named(first []string, r *records, label string) bool {
	at, isIndex := index(label, len(first))
	switch {
	case !isIndex && slices.Contains(first, label):
		return true
	case at >= 0: // it may be a number in a row of its own right
		first = slices.Delete(slices.Clone(first), at, at+1)
	}
	return d.unlike(first, r, at)
}

// unlike reports whether cells that head columns are names. Column but, if it is
// not negative, is not among them.
func (d *Dialect) unlike(first []string, r *records, but int) bool {
	for i, text := range first {
		if text == "" && i == 0 && len(first) > 1 {
			continue // the index that some programs write before the columns
		}
		if text == "" || IsNumber(text) || slices.Contains(d.Missing, text) {
			return false
		}
	}
	seen := map[string]bool{}
	for _, text := range first {
		if seen[text] {
			return false
		}
		seen[text] = true
	}
	for range sample {
		record, _, ok := r.next()
		if !ok || len(record) > maxRecord {
			break
		}
		row, err := cells(record, d.Separator)
		if err != nil || but >= len(row) {
			break
		}
		if but >= 0 {
			row = slices.Delete(row, but, but+1)
		}
		for i := range min(len(row), len(first)) {
			if IsNumber(row[i]) {
				return true
			}
		}
		for i := range min(len(row), len(first)) {
			if row[i] == first[i] {
				return false // a value, not a name
			}
		}
	}
	return true
}
