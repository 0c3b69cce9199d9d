package dataset

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
)

// maxLine is the longest line of a table that is read.
const maxLine = 16 << 20

// lines reads a text line by line. Lines end at \n, \r\n or a lone \r; empty
// ones are passed over but counted.
type lines struct {
	*bufio.Scanner
	number int // of the line that Bytes returns, from 1
}

func newLines(r io.Reader) *lines {
	s := bufio.NewScanner(r)
	s.Buffer(make([]byte, 1<<16), maxLine)
	s.Split(splitLine)
	return &lines{Scanner: s}
}

// next goes to the next line that is not blank.
func (l *lines) next() bool {
	for l.Scan() {
		l.number++
		if len(bytes.TrimSpace(l.text())) > 0 {
			return true
		}
	}
	return false
}

// text returns the line without the byte order mark that some editors put
// before the first. It is valid until the next call of next.
func (l *lines) text() []byte {
	if l.number == 1 {
		return bytes.TrimPrefix(l.Bytes(), []byte("\ufeff"))
	}
	return l.Bytes()
}

// splitLine is a bufio.SplitFunc.
func splitLine(data []byte, atEOF bool) (advance int, token []byte, err error) {
	i := bytes.IndexAny(data, "\r\n")
	switch {
	case i < 0 && atEOF && len(data) > 0:
		return len(data), data, nil
	case i < 0:
		return 0, nil, nil
	case data[i] == '\n':
		return i + 1, data[:i], nil
	case i+1 < len(data) && data[i+1] == '\n':
		return i + 2, data[:i], nil
	case i+1 == len(data) && !atEOF:
		return 0, nil, nil // a \n may follow
	}
	return i + 1, data[:i], nil
}

// separator returns the one that a line uses: the first of tab, semicolon,
// comma and space that occurs outside quotes. The order matters: a comma may
// be a decimal comma between semicolons, a space may follow any of them.
func separator(line []byte) (byte, error) {
	for _, sep := range []byte("\t;, ") {
		cells, err := splitCells(nil, line, sep)
		if err != nil {
			return 0, err
		}
		if len(cells) > 1 {
			return sep, nil
		}
	}
	return 0, fmt.Errorf("expected columns separated by commas, semicolons, tabs or spaces, found one column: %s", quote(line))
}

// splitCells appends the cells of a line to dst, without the blanks and quotes
// around them. A cell that begins with a single or double quote ends at the
// next one of its kind that is followed by a separator; separators in between
// are part of it. Separating blanks may be repeated. The cells are windows
// into line.
func splitCells(dst [][]byte, line []byte, sep byte) ([][]byte, error) {
	line = trim(line, sep)
	for {
		end := bytes.IndexByte(line, sep)
		if q := firstByte(line, sep); q == '"' || q == '\'' {
			from := bytes.IndexByte(line, q) + 1
			n := closing(line[from:], q, sep)
			if n < 0 {
				return nil, fmt.Errorf("a cell opens with %c and does not close: %s", q, quote(line))
			}
			dst = append(dst, line[from:from+n])
			line = line[from+n+1:]
			end = bytes.IndexByte(line, sep)
		} else if end < 0 {
			dst = append(dst, trim(line, sep))
		} else {
			dst = append(dst, trim(line[:end], sep))
		}
		if end < 0 {
			return dst, nil
		}
		line = line[end+1:]
		if sep == ' ' {
			line = bytes.TrimLeft(line, " ")
		}
	}
}

// closing returns where in s the quote q closes: it is followed by blanks and
// then a separator or the end.
func closing(s []byte, q, sep byte) int {
	for i, b := range s {
		if b != q {
			continue
		}
		if c := firstByte(s[i+1:], sep); c == 0 || c == sep {
			return i
		}
	}
	return -1
}

// firstByte returns the first byte of s that is no blank, or that separates; 0
// if there is none.
func firstByte(s []byte, sep byte) byte {
	for _, b := range s {
		if b == sep || b != ' ' && b != '\t' {
			return b
		}
	}
	return 0
}

// trim cuts blanks off both ends, but no tabs where tabs separate: they stand
// for empty cells.
func trim(s []byte, sep byte) []byte {
	if sep == '\t' {
		return bytes.Trim(s, " ")
	}
	return bytes.Trim(s, " \t")
}

// quote shows a piece of a file in a message, not more than fits there.
func quote(b []byte) string {
	const most = 40
	if len(b) > most {
		return fmt.Sprintf("%q...", b[:most])
	}
	return fmt.Sprintf("%q", b)
}
