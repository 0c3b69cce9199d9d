package share

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// listFormat begins the text of a list: a line of the numbers of files and
// pieces, a line SIZE SHA256 PART NAME for each file and one of a SHA-256 for
// each piece.
const listFormat = "ballast-files"

func (s sum) String() string { return hex.EncodeToString(s[:]) }

// encode returns the list as it travels: the same bytes for the same list.
func (l *List) encode() []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s %d %d\n", listFormat, len(l.Files), len(l.Pieces))
	for _, e := range l.Files {
		fmt.Fprintf(&b, "%d %s %s %s\n", e.Size, e.SHA256, e.Part, e.Name)
	}
	for _, p := range l.Pieces {
		fmt.Fprintf(&b, "%s\n", p)
	}
	return b.Bytes()
}

// idOf names a list by its text.
func idOf(text []byte) string { return sum(sha256.Sum256(text)).String() }

// decode reads a list, and believes nothing in it that could do harm: names
// that leave a directory, sizes that do not fit the pieces.
func decode(text []byte, parts []string) (*List, error) {
	if len(text) > maxList {
		return nil, fmt.Errorf("a list of %d bytes; expected at most %d", len(text), maxList)
	}
	line, rest, _ := strings.Cut(string(text), "\n")
	var files, pieces int
	if n, _ := fmt.Sscanf(line, listFormat+" %d %d", &files, &pieces); n != 2 {
		return nil, fmt.Errorf("expected a list of files, found %.40q", line)
	}
	if err := checkCounts(files, int64(pieces)); err != nil {
		return nil, err
	}
	if n := strings.Count(rest, "\n"); n != files+pieces { // before anything is made of these numbers
		return nil, fmt.Errorf("a list of %d lines for %d files and %d pieces", n, files, pieces)
	}
	l := &List{Files: make([]Entry, files), Pieces: make([]sum, pieces)}
	for i := range l.Files {
		line, rest, _ = strings.Cut(rest, "\n")
		if err := l.Files[i].parse(line); err != nil {
			return nil, err
		}
	}
	for i := range l.Pieces {
		line, rest, _ = strings.Cut(rest, "\n")
		if err := l.Pieces[i].parse(line); err != nil {
			return nil, err
		}
	}
	if !bytes.Equal(l.encode(), text) { // one list has one text, and one id
		return nil, fmt.Errorf("a list that is not written as lists are, or goes on behind its end: %.40q", rest)
	}
	return l, l.check(parts)
}

func (e *Entry) parse(line string) error {
	words := strings.SplitN(line, " ", 4)
	if len(words) != 4 {
		return fmt.Errorf("expected a file in the list, found %.60q", line)
	}
	size, err := strconv.ParseInt(words[0], 10, 64)
	if err != nil {
		return fmt.Errorf("%.20q is no size of a file", words[0])
	}
	e.Size, e.Part, e.Name = size, words[2], words[3]
	return e.SHA256.parse(words[1])
}

func (s *sum) parse(text string) error {
	if len(text) != 2*len(s) {
		return fmt.Errorf("a SHA-256 of %d digits; expected %d", len(text), 2*len(s))
	}
	_, err := hex.Decode(s[:], []byte(text))
	return err
}

// check looks at the files one by one and together, and finds their places.
func (l *List) check(parts []string) error {
	if err := checkCounts(len(l.Files), int64(len(l.Pieces))); err != nil {
		return err
	}
	var total int64
	for _, e := range l.Files {
		if err := e.check(parts); err != nil {
			return err
		}
		if e.Size > math.MaxInt64-total {
			return fmt.Errorf("file %q: %d bytes", e.Name, e.Size)
		}
		total += e.Size
	}
	if n := pieces(total); n != int64(len(l.Pieces)) || total > maxPieces*pieceSize {
		return fmt.Errorf("%d pieces for %d bytes", len(l.Pieces), total)
	}
	l.place()
	return checkNames(l.Files)
}

// checkCounts keeps to the limits of a list.
func checkCounts(files int, pieces int64) error {
	if files < 1 || files > maxFiles || pieces < 0 || pieces > maxPieces {
		return fmt.Errorf("a list of %d files in %d pieces of %d MiB; expected 1 to %d files in at most %d", files, pieces, pieceSize>>20, maxFiles, maxPieces)
	}
	return nil
}

func (e *Entry) check(parts []string) error {
	known := false
	for _, p := range parts {
		known = known || p == e.Part
	}
	switch {
	case !known:
		return fmt.Errorf("file %q is for %q; expected one of %q", e.Name, e.Part, parts)
	case e.Size < 0:
		return fmt.Errorf("file %q: %d bytes", e.Name, e.Size)
	}
	return checkName(e.Name)
}
