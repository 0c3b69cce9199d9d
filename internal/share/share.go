// Package share gives the files of a run to nodes that do not have them: a
// [Shelf] answers for a list of files, [Fetch] asks for them, piece by piece.
// How questions travel is the caller's business; each is answered by itself, so
// that a transfer goes on with another node where one has died.
//
// A file is known by its place in the list, never by a path: nobody can ask for
// another one. Pieces and files are compared with the SHA-256 in the list, and a
// file has its name only once it is whole.
package share

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// pieceSize is the number of bytes that one answer brings.
const pieceSize = 1 << 20

// Limits of a list, which has to fit into one message.
const (
	maxList  = 2<<20 - 1<<10 // bytes
	maxFiles = 1000
)

// Entry is a file of a list.
type Entry struct {
	Part   string `json:"part"` // what the file is for, one of the parts that are asked for
	Name   string `json:"name"` // without directories
	Size   int64  `json:"size"`
	SHA256 sum    `json:"sha256"`
	Pieces []sum  `json:"pieces"` // SHA-256 of each pieceSize bytes, the last of fewer
}

// List is what a node has to give.
type List struct {
	Files []Entry `json:"files"`
}

// sum is a SHA-256.
type sum [sha256.Size]byte

func (s sum) String() string { return hex.EncodeToString(s[:]) }

// MarshalText implements encoding.TextMarshaler.
func (s sum) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (s *sum) UnmarshalText(text []byte) error {
	if len(text) != 2*len(s) {
		return fmt.Errorf("%d digits where %d are expected", len(text), 2*len(s))
	}
	_, err := hex.Decode(s[:], text)
	return err
}

// request is a question. Its zero value asks for the list.
type request struct {
	Run   string `json:"run"`             // label of the run
	List  string `json:"list,omitempty"`  // id of the list that File is of
	File  int    `json:"file,omitempty"`  // index in it
	Piece int    `json:"piece,omitempty"` // of the file
}

// encode returns the list as it travels.
func (l List) encode() []byte {
	b, err := json.Marshal(l)
	if err != nil {
		panic("share: a list without a JSON form: " + err.Error())
	}
	return b
}

// id names the list by its content.
func (l List) id() string { return sum(sha256.Sum256(l.encode())).String() }

// decode reads a list, and believes nothing in it that could do harm: names
// that leave a directory, sizes that do not fit their pieces.
func decode(b []byte, parts []string) (List, error) {
	var l List
	if len(b) > maxList {
		return l, fmt.Errorf("a list of %d bytes; expected at most %d", len(b), maxList)
	}
	if err := json.Unmarshal(b, &l); err != nil {
		return l, fmt.Errorf("expected a list of files: %w", err)
	}
	if len(l.Files) == 0 || len(l.Files) > maxFiles {
		return l, fmt.Errorf("a list of %d files; expected 1..%d", len(l.Files), maxFiles)
	}
	seen := map[string]bool{}
	for _, e := range l.Files {
		if err := e.check(parts); err != nil {
			return l, err
		}
		key := e.Part + "/" + strings.ToLower(e.Name) // some file systems do not tell cases apart
		if seen[key] {
			return l, fmt.Errorf("file %q is there twice", e.Name)
		}
		seen[key] = true
	}
	return l, nil
}

func (e *Entry) check(parts []string) error {
	known := false
	for _, p := range parts {
		known = known || p == e.Part
	}
	switch {
	case !known:
		return fmt.Errorf("file %q is for %q; expected one of %q", e.Name, e.Part, parts)
	case e.Name == "" || len(e.Name) > 200 || e.Name[0] == '.' || strings.ContainsAny(e.Name, "/\\:\x00"):
		return fmt.Errorf("%q is no name of a file", e.Name)
	case e.Size < 0 || int64(len(e.Pieces)) != (e.Size+pieceSize-1)/pieceSize:
		return fmt.Errorf("file %q: %d pieces for %d bytes", e.Name, len(e.Pieces), e.Size)
	}
	return nil
}

// piece returns where piece k lies.
func (e *Entry) piece(k int) (at int64, n int) {
	at = int64(k) * pieceSize
	return at, int(min(pieceSize, e.Size-at))
}

// errOther is the answer to a question about another list than one's own.
var errOther = errors.New("the files here are others, or have changed")
