package share

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io/fs"
	"os"
	"path"
)

// arriving is the directory of the files that are not whole yet.
const arriving = ".arriving"

// receiver writes the files of a list into a directory, and nowhere else: also
// a name that checkName had let through would not lead out of the root.
type receiver struct {
	root    *os.Root
	list    *List
	missing []bool // by file

	// The file that is being written, if there is one.
	file *os.File
	name string // that it has until it is whole
	of   int    // its index
	sum  hash.Hash
}

// newReceiver looks what is here already, and makes the files that are empty.
func newReceiver(ctx context.Context, dir string, l *List) (r *receiver, err error) {
	r = &receiver{list: l, missing: make([]bool, len(l.Files)), sum: sha256.New()}
	if r.root, err = os.OpenRoot(dir); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, r.root.Close())
		}
	}()
	if err := r.root.MkdirAll(arriving, 0o700); err != nil {
		return nil, err
	}
	for i := range l.Files {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		if r.missing[i] = !r.whole(ctx, &l.Files[i]); r.missing[i] && l.Files[i].Size == 0 {
			if err := errors.Join(r.begin(i), r.end()); err != nil {
				return nil, err
			}
		}
	}
	return r, nil
}

// path is where a file is, from the root.
func (e *Entry) path() string { return path.Join(e.Part, e.Name) }

// whole tells whether a file is here already. What a power failure has left of
// one is not: so files need not be synchronised with the disk when they come.
func (r *receiver) whole(ctx context.Context, e *Entry) bool {
	f, err := r.root.Open(e.path())
	if err != nil {
		return false
	}
	defer f.Close()
	if info, err := f.Stat(); err != nil || info.Size() != e.Size || !info.Mode().IsRegular() {
		return false
	}
	h := sha256.New()
	err = readFrom(ctx, f, func(b []byte) { h.Write(b) })
	return err == nil && sum(h.Sum(nil)) == e.SHA256
}

// wanted returns the cuts of files that are missing.
func (r *receiver) wanted(cuts []cut) []cut {
	var list []cut
	for _, c := range cuts {
		if r.missing[c.file] {
			list = append(list, c)
		}
	}
	return list
}

// take writes a piece's cuts to their files. Pieces come in order.
func (r *receiver) take(cuts []cut, piece []byte) error {
	for _, c := range cuts {
		e := &r.list.Files[c.file]
		if c.at == 0 {
			if err := r.begin(c.file); err != nil {
				return fmt.Errorf("%s: %w", e.Name, err)
			}
		}
		some := piece[c.from:c.to]
		r.sum.Write(some)
		if _, err := r.file.Write(some); err != nil {
			return fmt.Errorf("%s: %w", e.Name, err)
		}
		if c.at+int64(len(some)) == e.Size {
			if err := r.end(); err != nil {
				return fmt.Errorf("%s: %w", e.Name, err)
			}
		}
	}
	return nil
}

// begin opens a file, under a name that no other process takes.
func (r *receiver) begin(i int) (err error) {
	r.of, r.name = i, path.Join(arriving, rand.Text())
	r.sum.Reset()
	r.file, err = r.root.OpenFile(r.name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	return err
}

// end gives the file that is being written its name.
func (r *receiver) end() error {
	if r.file == nil {
		return nil // it could not be opened
	}
	e := &r.list.Files[r.of]
	if sum(r.sum.Sum(nil)) != e.SHA256 {
		return errors.New("its pieces are right and the whole is not: the list is wrong")
	}
	err := r.file.Close()
	r.file = nil
	if err == nil {
		err = r.root.Rename(r.name, e.path())
	}
	if errors.Is(err, fs.ErrNotExist) { // the first file of a directory
		if err = r.root.MkdirAll(path.Dir(e.path()), 0o700); err == nil {
			err = r.root.Rename(r.name, e.path())
		}
	}
	if err != nil {
		return errors.Join(err, r.root.Remove(r.name))
	}
	r.missing[r.of] = false
	return nil
}

// close leaves nothing that is not whole.
func (r *receiver) close() error {
	var err error
	if r.file != nil {
		err = errors.Join(r.file.Close(), r.root.Remove(r.name))
	}
	return errors.Join(err, r.root.Close())
}
