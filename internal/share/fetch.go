package share

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
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
func (c *Client) Fetch(ctx context.Context) (out Fetched, err error) {
	list, id, err := c.list(ctx)
	if err != nil {
		return Fetched{}, err
	}
	out = Fetched{Dir: filepath.Join(c.Dir, id), Files: list.Files}
	if err := os.MkdirAll(out.Dir, 0o700); err != nil {
		return out, err
	}
	r, err := newReceiver(ctx, out.Dir, list)
	if err != nil {
		return out, err
	}
	defer func() { err = errors.Join(err, r.close()) }()
	for k := range list.Pieces {
		cuts := r.wanted(list.cuts(k))
		if len(cuts) == 0 {
			continue
		}
		piece, err := c.piece(ctx, list, id, k)
		if err != nil {
			return out, fmt.Errorf("%s: %w", list.Files[cuts[0].file].Name, err)
		}
		out.Bytes += int64(len(piece))
		if err := r.take(cuts, piece); err != nil {
			return out, err
		}
	}
	return out, nil
}

// list returns the list of the first peer that has one, and its id.
func (c *Client) list(ctx context.Context) (l *List, id string, err error) {
	err = c.each(ctx, reading, func(ctx context.Context, addr string) error {
		answer, err := c.ask(ctx, addr, request{Run: c.Run})
		if err != nil {
			return err
		}
		var h head
		if err := json.Unmarshal(answer, &h); err != nil || h.Size < 0 || h.Size > maxList {
			return fmt.Errorf("expected the size of a list, up to %d bytes, found %.60q", maxList, answer)
		}
		text := make([]byte, 0, min(h.Size, pieceSize))
		for k := range int(pieces(int64(h.Size))) {
			page, err := c.ask(ctx, addr, request{Run: c.Run, List: h.List, What: askPage, At: k})
			if err != nil {
				return err
			}
			if len(text)+len(page) > h.Size {
				return fmt.Errorf("a list of %d bytes that goes on", h.Size)
			}
			text = append(text, page...)
		}
		if id = idOf(text); id != h.List || len(text) != h.Size {
			return errors.New("the list is not the one that was announced")
		}
		l, err = decode(text, c.Parts)
		return err
	})
	return l, id, err
}

// piece returns piece k, from whichever peer has it.
func (c *Client) piece(ctx context.Context, l *List, id string, k int) (piece []byte, err error) {
	err = c.each(ctx, patience, func(ctx context.Context, addr string) (err error) {
		piece, err = c.ask(ctx, addr, request{Run: c.Run, List: id, What: askPiece, At: k})
		if err == nil && sha256.Sum256(piece) != l.Pieces[k] {
			err = fmt.Errorf("piece %d is not what the list says", k)
		}
		return err
	})
	return piece, err
}

func (c *Client) ask(ctx context.Context, addr string, r request) ([]byte, error) {
	question, err := json.Marshal(r)
	if err != nil {
		return nil, err
	}
	return c.Ask(ctx, addr, question)
}

// each tries one peer after the other, each for so long at most, until one is
// right.
func (c *Client) each(ctx context.Context, limit time.Duration, try func(ctx context.Context, addr string) error) error {
	for deadline := time.Now().Add(c.Patience); ; {
		var errs []error
		for _, addr := range c.Peers {
			asking, cancel := context.WithTimeout(ctx, limit)
			err := try(asking, addr)
			cancel()
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
