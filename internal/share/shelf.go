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
	"path/filepath"
	"sync"
)

// File is a file to give away.
type File struct{ Part, Path string }

// Shelf answers questions about files. It is safe for concurrent use.
type Shelf struct {
	run   string
	files []File

	mu     sync.Mutex
	id     string // "" until the list is made
	list   List
	packed []byte
}

// NewShelf returns one for the files of a run with such a label. It reads none
// before it is asked.
func NewShelf(run string, files []File) *Shelf { return &Shelf{run: run, files: files} }

// Answer answers a question of Fetch's: with the list, or a piece of a file in
// it. The error is for the node that has asked.
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
	if r.List == "" {
		return s.packed, nil
	}
	if r.List != s.id {
		return nil, errOther
	}
	if r.File < 0 || r.File >= len(s.files) || r.Piece < 0 || r.Piece >= len(s.list.Files[r.File].Pieces) {
		return nil, fmt.Errorf("no piece %d of file %d in the list", r.Piece, r.File)
	}
	return s.piece(r.File, r.Piece)
}

// piece reads a piece.
func (s *Shelf) piece(file, k int) ([]byte, error) {
	e := &s.list.Files[file]
	f, err := os.Open(s.files[file].Path)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", e.Name, cause(err))
	}
	defer f.Close()
	at, n := e.piece(k)
	b := make([]byte, n)
	if _, err := f.ReadAt(b, at); err != nil {
		return nil, fmt.Errorf("%s: %w", e.Name, cause(err))
	}
	if sha256.Sum256(b) != e.Pieces[k] {
		return nil, errOther
	}
	return b, nil
}

// look makes the list if there is none.
func (s *Shelf) look(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.id != "" {
		return nil
	}
	if len(s.files) == 0 {
		return errors.New("this node has no files to give")
	}
	var l List
	for _, f := range s.files {
		e, err := describe(ctx, f)
		if err != nil {
			return fmt.Errorf("%s: %w", filepath.Base(f.Path), cause(err))
		}
		l.Files = append(l.Files, e)
	}
	packed := l.encode()
	if len(packed) > maxList || len(l.Files) > maxFiles {
		return fmt.Errorf("%d files with a list of %d bytes are more than is given away; expected %d files, about 30 GiB", len(l.Files), len(packed), maxFiles)
	}
	s.list, s.packed, s.id = l, packed, l.id()
	return nil
}

// describe reads a file.
func describe(ctx context.Context, from File) (Entry, error) {
	e := Entry{Part: from.Part, Name: filepath.Base(from.Path)}
	f, err := os.Open(from.Path)
	if err != nil {
		return e, err
	}
	defer f.Close()
	whole, b := sha256.New(), make([]byte, pieceSize)
	for {
		n, err := io.ReadFull(f, b)
		if n > 0 {
			whole.Write(b[:n])
			e.Pieces = append(e.Pieces, sha256.Sum256(b[:n]))
			e.Size += int64(n)
		}
		switch {
		case err == io.EOF || err == io.ErrUnexpectedEOF:
			whole.Sum(e.SHA256[:0])
			return e, nil
		case err != nil:
			return e, err
		case ctx.Err() != nil:
			return e, context.Cause(ctx)
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
