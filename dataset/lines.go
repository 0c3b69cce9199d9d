package dataset

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
)

// lines reads a short text line by line and passes over blank ones, which are
// counted.
type lines struct {
	*bufio.Scanner
	number int // of the line that text returns, from 1
}

func newLines(r io.Reader) *lines { return &lines{Scanner: bufio.NewScanner(r)} }

// next goes to the next line that is not blank.
func (l *lines) next() bool {
	for l.Scan() {
		l.number++
		if len(l.text()) > 0 {
			return true
		}
	}
	return false
}

// text returns the line without blanks around it, and without the byte order
// mark that some editors put before the first. It is valid until the next call
// of next.
func (l *lines) text() []byte {
	if l.number == 1 {
		return bytes.TrimSpace(bytes.TrimPrefix(l.Bytes(), []byte("\ufeff")))
	}
	return bytes.TrimSpace(l.Bytes())
}

// quote shows a piece of a file in a message, not more than fits there.
func quote(b []byte) string {
	const most = 40
	if len(b) > most {
		return fmt.Sprintf("%q...", b[:most])
	}
	return fmt.Sprintf("%q", b)
}
