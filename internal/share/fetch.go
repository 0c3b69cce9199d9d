package share

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"
)

// Client fetches the files of a run.
type Client struct {
	Run   string   // its label
	Peers []string // addresses of nodes to ask, in turn
	Parts []string // that files can be for
	Dir   string   // where they go, in a directory named by their content
	// Patience is how long a round of all peers may bring nothing.
	Patience time.Duration
	// Ask sends a question to a node and returns its answer.
	Ask func(ctx context.Context, addr string, question []byte) ([]byte, error)
	// Waiting is told why nothing comes.
	Waiting func(reason string)
}

const (
	patience = time.Minute            // for an answer of a peer
	reading  = 5 * time.Minute        // for its list: it reads its files for that
	retry    = 300 * time.Millisecond // from one round of all peers to the next
)

// Fetched are files that are here.
type Fetched struct {
	Dir   string // each in the directory of its part in it
	Files []Entry
	Bytes int64 // that have travelled
}

// Fetch asks for the list and for what is missing of it, until all files are
// here or ctx ends.
func (c *Client) Fetch(ctx context.Context) (Fetched, error) {
	list, err := c.list(ctx)
	if err != nil {
		return Fetched{}, err
	}
	out := Fetched{Dir: filepath.Join(c.Dir, list.id()), Files: list.Files}
	for i := range list.Files {
		n, err := c.file(ctx, out.Dir, list, i)
		out.Bytes += n
		if err != nil {
			return out, err
		}
	}
	return out, nil
}

// list returns the list of the first peer that has one.
func (c *Client) list(ctx context.Context) (l List, err error) {
	err = c.each(ctx, request{Run: c.Run}, func(answer []byte) (err error) {
		l, err = decode(answer, c.Parts)
		return err
	})
	return l, err
}

// each puts a question to one peer after the other until accept takes an
// answer.
func (c *Client) each(ctx context.Context, r request, accept func(answer []byte) error) error {
	question, err := json.Marshal(r)
	if err != nil {
		return err
	}
	limit := patience
	if r.List == "" {
		limit = reading
	}
	for deadline := time.Now().Add(c.Patience); ; {
		var errs []error
		for _, addr := range c.Peers {
			asking, cancel := context.WithTimeout(ctx, limit)
			answer, err := c.Ask(asking, addr, question)
			cancel()
			if err == nil {
				err = accept(answer)
			}
			if err == nil {
				return nil
			}
			if ctx.Err() != nil {
				return errors.Join(context.Cause(ctx), errors.Join(errs...))
			}
			errs = append(errs, fmt.Errorf("%s: %w", addr, err))
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("no node gives the data: %w", errors.Join(errs...))
		}
		c.Waiting("no node gives the data: " + errors.Join(errs...).Error())
		select {
		case <-time.After(retry):
		case <-ctx.Done():
			return errors.Join(context.Cause(ctx), errors.Join(errs...))
		}
	}
}

// file brings file i of the list to its directory, if it is not there.
func (c *Client) file(ctx context.Context, dir string, list List, i int) (moved int64, err error) {
	e := &list.Files[i]
	path := filepath.Join(dir, e.Part, e.Name)
	if whole(path, e) {
		return 0, nil
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return 0, err
	}
	part, err := os.CreateTemp(filepath.Dir(path), "."+e.Name+".*.part")
	if err != nil {
		return 0, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, part.Close(), os.Remove(part.Name()))
		}
	}()
	if moved, err = c.pieces(ctx, part, list, i); err != nil {
		return moved, err
	}
	if err = errors.Join(part.Sync(), part.Close()); err != nil {
		return moved, err
	}
	return moved, os.Rename(part.Name(), path)
}

// pieces writes the pieces of file i, each from whichever peer has it.
func (c *Client) pieces(ctx context.Context, to io.Writer, list List, i int) (moved int64, err error) {
	e, id, sum := &list.Files[i], list.id(), sha256.New()
	for k := range e.Pieces {
		var piece []byte
		err := c.each(ctx, request{Run: c.Run, List: id, File: i, Piece: k}, func(b []byte) error {
			if piece = b; sha256.Sum256(b) != e.Pieces[k] {
				return fmt.Errorf("piece %d of %s is not what the list says", k, e.Name)
			}
			return nil
		})
		if err == nil {
			sum.Write(piece)
			_, err = to.Write(piece)
		}
		if err != nil {
			return moved, fmt.Errorf("%s: %w", e.Name, err)
		}
		moved += int64(len(piece))
	}
	if [sha256.Size]byte(sum.Sum(nil)) != e.SHA256 {
		return moved, fmt.Errorf("%s: its pieces are right and the whole is not: the list is wrong", e.Name)
	}
	return moved, nil
}

// whole tells whether a file is here already.
func whole(path string, e *Entry) bool {
	have, err := describe(context.Background(), File{Part: e.Part, Path: path})
	return err == nil && have.Size == e.Size && have.SHA256 == e.SHA256
}
