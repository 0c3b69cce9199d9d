package share

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"sync"
)

// File is a file to give away. Name is its path in the directory of its part,
// with slashes.
type File struct{ Part, Name, Path string }

// Shelf answers questions about files. It is safe for concurrent use.
type Shelf struct {
	run  string
	find func(ctx context.Context) ([]File, error)

	mu     sync.Mutex
	id     string // "" until the list is made
	files  []File
	list   *List
	packed []byte
}

// NewShelf returns one for the files of a run with such a label. It looks for
// none, by find, and reads none before it is asked.
func NewShelf(run string, find func(ctx context.Context) ([]File, error)) *Shelf {
	return &Shelf{run: run, find: find}
}

// Answer answers a question of a Client's: with the list, or a piece of the files
// in it. The error is for the node that has asked.
func (s *Shelf) Answer(ctx context.Context, question []byte) ([]byte, error) {
	var r request
	if err := json.Unmarshal(question, &r); err != nil {
		return nil, errors.New("not a question about files")
	}
	if r.Run != s.run {
		return nil, fmt.Errorf("this node is of the run %q, and was asked for files of %q", s.run, r.Run)
	}
	if err := s.look(ctx); err != nil {
		return nil, err
	}
	switch {
	case r.What == askHead:
		return json.Marshal(head{List: s.id, Size: len(s.packed)})
	case r.List != s.id:
		return nil, errOther
	case r.What == askPage && r.At >= 0 && int64(r.At) < pieces(int64(len(s.packed))):
		from := r.At * pieceSize
		return s.packed[from:min(from+pieceSize, len(s.packed))], nil
	case r.What == askPiece && r.At >= 0 && r.At < len(s.list.Pieces):
		return s.piece(ctx, r.At)
	}
	return nil, fmt.Errorf("no %s %d of the list", r.What, r.At)
}

// piece reads a piece.
func (s *Shelf) piece(ctx context.Context, k int) ([]byte, error) {
	from, to := s.list.piece(k)
	b := make([]byte, to-from)
	for _, c := range s.list.cuts(k) {
		if err := readAt(s.files[c.file].Path, b[c.from:c.to], c.at); err != nil {
			return nil, fmt.Errorf("%s: %w", s.files[c.file].Name, cause(err))
		}
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
	}
	if sha256.Sum256(b) != s.list.Pieces[k] {
		return nil, errOther
	}
	return b, nil
}

func readAt(path string, b []byte, at int64) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = f.ReadAt(b, at)
	return err
}

// look makes the list if there is none.
func (s *Shelf) look(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.id != "" {
		return nil
	}
	files, err := s.find(ctx)
	switch {
	case err != nil:
		return err
	case len(files) == 0:
		return errors.New("this node has no files to give")
	case len(files) > maxFiles:
		return fmt.Errorf("%d files are more than are given away; expected at most %d", len(files), maxFiles)
	}
	list, err := listOf(ctx, files)
	if err != nil {
		return err
	}
	packed := list.encode()
	if len(packed) > maxList {
		return fmt.Errorf("the list of the files has %d bytes; expected at most %d: name them shorter", len(packed), maxList)
	}
	s.files, s.list, s.packed, s.id = files, list, packed, idOf(packed)
	return nil
}

// listOf reads the files.
func listOf(ctx context.Context, files []File) (*List, error) {
	l := &List{}
	var parts []string
	piece, whole, n := sha256.New(), sha256.New(), int64(0) // of the piece that has begun, and its bytes
	for _, f := range files {
		e := Entry{Part: f.Part, Name: f.Name}
		parts = append(parts, f.Part)
		whole.Reset()
		err := read(ctx, f.Path, func(b []byte) {
			whole.Write(b)
			e.Size += int64(len(b))
			for len(b) > 0 {
				some := b[:min(int64(len(b)), pieceSize-n)]
				piece.Write(some)
				b, n = b[len(some):], n+int64(len(some))
				if n == pieceSize {
					l.Pieces, n = append(l.Pieces, sum(piece.Sum(nil))), 0
					piece.Reset()
				}
			}
		})
		if err != nil {
			return nil, fmt.Errorf("%s: %w", f.Name, cause(err))
		}
		whole.Sum(e.SHA256[:0])
		l.Files = append(l.Files, e)
	}
	if n > 0 {
		l.Pieces = append(l.Pieces, sum(piece.Sum(nil)))
	}
	return l, l.check(parts)
}

// read hands the content of a file on.
func read(ctx context.Context, path string, each func(b []byte)) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	return readFrom(ctx, f, each)
}

func readFrom(ctx context.Context, f io.Reader, each func(b []byte)) error {
	b := make([]byte, 64<<10)
	for {
		n, err := f.Read(b)
		each(b[:n])
		switch {
		case err == io.EOF:
			return nil
		case err != nil:
			return err
		case ctx.Err() != nil:
			return context.Cause(ctx)
		}
	}
}

// cause is an error without the path on this node's disk.
func cause(err error) error {
	if p, ok := errors.AsType[*fs.PathError](err); ok {
		return p.Err
	}
	return err
}
