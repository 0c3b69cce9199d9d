// Package share gives the files of a run to nodes that do not have them: a
// [Shelf] answers for a list of files, [Client] asks for them, piece by piece.
// How questions travel is the caller's business; each is answered by itself, so
// that a transfer goes on with another node where one has died.
//
// The files of a list lie one behind the other, and pieces are cut from that,
// each as large as an answer may be: many small files come at once, and one
// large file in many answers. A list that is too large for one message comes in
// pages.
//
// A file is known by its place in the list, never by a path: nobody can ask for
// another one. Pieces and files are compared with the SHA-256 in the list, and a
// file has its name only once it is whole.
package share

import (
	"crypto/sha256"
	"errors"
	"sort"
)

// pieceSize is the number of bytes that one answer brings, of pieces and of the
// list.
const pieceSize = 1 << 20

// Limits of a list.
const (
	maxFiles  = 200_000
	maxPieces = 1 << 18  // 256 GiB
	maxList   = 64 << 20 // bytes
)

// Entry is a file of a list.
type Entry struct {
	Part   string // what the file is for, one of the parts that are asked for
	Name   string // the path in the directory of the part, with slashes
	Size   int64
	SHA256 sum
}

// List is what a node has to give.
type List struct {
	Files  []Entry
	Pieces []sum // SHA-256 of each pieceSize bytes of all files, the last of fewer

	from []int64 // where each file begins among the bytes of all, and their number
}

// sum is a SHA-256.
type sum [sha256.Size]byte

// What a request asks for.
const (
	askHead  = ""      // of what kind the list is
	askPage  = "page"  // a part of the list
	askPiece = "piece" // a part of the files
)

// request is a question. Its zero value, but for the run, asks for the head.
type request struct {
	Run  string `json:"run"`            // label of the run
	List string `json:"list,omitempty"` // id of the list that is meant
	What string `json:"what,omitempty"`
	At   int    `json:"at,omitempty"` // the number of the page or piece, from 0
}

// head says what list there is.
type head struct {
	List string `json:"list"` // its id
	Size int    `json:"size"` // bytes
}

// errOther is the answer to a question about another list than one's own.
var errOther = errors.New("the files here are others, or have changed")

// place finds where the files lie among the bytes of all.
func (l *List) place() {
	l.from = make([]int64, len(l.Files)+1)
	for i, e := range l.Files {
		l.from[i+1] = l.from[i] + e.Size
	}
}

// bytes is the size of all files.
func (l *List) bytes() int64 { return l.from[len(l.Files)] }

// piece returns where piece k lies.
func (l *List) piece(k int) (from, to int64) {
	from = int64(k) * pieceSize
	return from, min(from+pieceSize, l.bytes())
}

// cut is what a piece has of a file.
type cut struct {
	file     int
	at       int64 // in the file
	from, to int   // in the piece
}

// cuts returns what piece k has of the files, in order. Empty files are in none.
func (l *List) cuts(k int) []cut {
	from, to := l.piece(k)
	first := sort.Search(len(l.Files), func(i int) bool { return l.from[i+1] > from })
	var all []cut
	for i := first; i < len(l.Files) && l.from[i] < to; i++ {
		lo, hi := max(from, l.from[i]), min(to, l.from[i+1])
		if lo < hi {
			all = append(all, cut{file: i, at: lo - l.from[i], from: int(lo - from), to: int(hi - from)})
		}
	}
	return all
}

// pieces is how many pieces so many bytes have.
func pieces(bytes int64) int64 { return (bytes + pieceSize - 1) / pieceSize }
