package frame

import (
	"bytes"
	"errors"
	"fmt"
)

// maxRecord is the longest record that is read.
const maxRecord = 16 << 20

// errLong is a record longer than that.
var errLong = fmt.Errorf("a record of more than %d bytes; expected one row in each line", maxRecord)

// errOpen is a quote that opens and does not close.
var errOpen = errors.New("a cell opens with a quote that does not close")

// cell returns the first cell of a record, without the blanks and quotes around
// it, and where the next one begins; -1 behind the last. A cell that begins
// with a single or double quote ends at the next one of its kind that is
// followed by a separator; separators in between are part of it, and a quote
// written twice is one. Separating blanks may be repeated.
func cell(record []byte, sep byte) (text []byte, next int, err error) {
	i := blanks(record, sep)
	if i < len(record) && (record[i] == '"' || record[i] == '\'') {
		return quoted(record, i, sep)
	}
	n := bytes.IndexByte(record[i:], sep)
	if n < 0 {
		return trim(record[i:], sep), -1, nil
	}
	return trim(record[i:i+n], sep), behind(record, i+n, sep), nil
}

// quoted is cell for a cell that opens with a quote at i.
func quoted(record []byte, i int, sep byte) (text []byte, next int, err error) {
	q, from := record[i], i+1
	n := closing(record[from:], q, sep)
	if n < 0 {
		return nil, 0, fmt.Errorf("%w: %s", errOpen, quote(record[i:]))
	}
	text = record[from : from+n]
	if bytes.IndexByte(text, q) >= 0 {
		text = bytes.ReplaceAll(text, []byte{q, q}, []byte{q})
	}
	i = from + n + 1
	i += blanks(record[i:], sep)
	if i == len(record) {
		return text, -1, nil
	}
	return text, behind(record, i, sep), nil
}

// closing returns where in s the quote q closes: it is not doubled, and blanks
// and then a separator or the end follow; -1 if it does not.
func closing(s []byte, q, sep byte) int {
	for i := 0; i < len(s); i++ {
		n := bytes.IndexByte(s[i:], q)
		if n < 0 {
			return -1
		}
		i += n
		rest := s[i+1:]
		if j := blanks(rest, sep); j == len(rest) || rest[j] == sep || rest[j] == '\n' {
			return i
		}
		if rest[0] == q {
			i++
		}
	}
	return -1
}

// behind returns where the cell behind the separator at i begins.
func behind(record []byte, i int, sep byte) int {
	i++
	if sep == ' ' {
		for i < len(record) && record[i] == ' ' {
			i++
		}
	}
	return i
}

// blanks counts the blanks that s begins with. What separates is no blank.
func blanks(s []byte, sep byte) int {
	for i, b := range s {
		if b == sep || b != ' ' && b != '\t' && b != '\r' {
			return i
		}
	}
	return len(s)
}

// trim cuts blanks off both ends, but no tabs where tabs separate: they stand
// for empty cells.
func trim(s []byte, sep byte) []byte {
	blank := func(b byte) bool { return b == ' ' || b == '\r' || b == '\t' && sep != '\t' }
	for len(s) > 0 && blank(s[len(s)-1]) {
		s = s[:len(s)-1]
	}
	for len(s) > 0 && blank(s[0]) {
		s = s[1:]
	}
	return s
}

// cells returns all cells of a record, as texts.
func cells(record []byte, sep byte) ([]string, error) {
	record = trim(record, sep)
	var all []string
	for next := 0; next >= 0; {
		text, n, err := cell(record[next:], sep)
		if err != nil {
			return nil, err
		}
		all = append(all, string(text))
		if n < 0 {
			break
		}
		next += n
	}
	return all, nil
}

// quote shows a piece of a file in a message, not more than fits there.
func quote(b []byte) string {
	const most = 40
	if len(b) > most {
		return fmt.Sprintf("%q...", b[:most])
	}
	return fmt.Sprintf("%q", b)
}
