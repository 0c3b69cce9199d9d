package dataset

import (
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

const (
	// SpoolSuffix ends the name of a file that grows: what lies there is the
	// beginning of a stream. Its end is told by a file beside it, whose name is
	// longer by EndSuffix and which holds the size of the whole in decimal, and a
	// line feed.
	SpoolSuffix = ".spool"
	// EndSuffix is what the name of that file has in addition.
	EndSuffix = ".end"
	// EndName is the file that ends a growing directory: what is not there when
	// it appears does not come any more.
	EndName = "END"
)

// errNotYet says that a stream goes on, but that nothing more is there now.
var errNotYet = errors.New("nothing more is there yet")

// lookEvery is how often a tap looks for more where nothing was there.
const lookEvery = 50 * time.Millisecond

// tap gives the bytes of a stream: those of one file that may still grow, or of
// the files of a directory in the order of their names, each of which is whole
// when it has its name.
type tap struct {
	dir, pattern string // of a growing directory; pattern "" takes the names of texts
	single       string // of one file in place of it

	name  string // the file under way; "" before the first
	files int    // begun so far
	more  []string
	over  bool // no file comes behind more

	f     *os.File
	r     io.Reader // of f, or of what is packed in it
	grows bool
	at    int64 // bytes read of the file, unpacked
}

// newTap returns the tap of a place: a directory, a pattern of names in one, or a
// file.
func newTap(place string) (*tap, error) {
	info, err := os.Stat(place)
	switch {
	case err == nil && info.IsDir():
		return &tap{dir: place}, nil
	case err == nil && !info.Mode().IsRegular():
		return nil, fmt.Errorf("%s: expected a file or a directory; launcher run --data csv:- reads a pipe", place)
	case err == nil:
		return &tap{single: place}, nil
	case strings.ContainsAny(filepath.Base(place), "*?["):
		if _, err := filepath.Match(filepath.Base(place), ""); err != nil {
			return nil, fmt.Errorf("%s: %w", place, err)
		}
		return &tap{dir: filepath.Dir(place), pattern: filepath.Base(place)}, nil
	}
	return nil, fmt.Errorf("%s: %w; a stream is a directory that files are moved into, which has to be there, or a file", place, plainCause(err))
}

// path is that of the file under way.
func (t *tap) path() string {
	if t.single != "" {
		return t.single
	}
	return filepath.Join(t.dir, t.name)
}

// next goes to the next file. The error is io.EOF behind the last one, and
// errNotYet if there is none yet.
func (t *tap) next() error {
	if t.single != "" {
		if t.files > 0 {
			return io.EOF
		}
		t.name = filepath.Base(t.single)
		return t.open(0)
	}
	if len(t.more) == 0 {
		if err := t.list(); err != nil {
			return err
		}
	}
	switch {
	case len(t.more) > 0:
		t.name, t.more = t.more[0], t.more[1:]
		return t.open(0)
	case t.over:
		return io.EOF
	}
	return errNotYet
}

// open opens the file under way at a position of what it holds.
func (t *tap) open(at int64) error {
	f, err := os.Open(t.path())
	if err != nil {
		return fmt.Errorf("%s: %w", t.path(), plainCause(err))
	}
	t.close()
	t.f, t.r, t.at, t.grows = f, f, at, t.single != "" && strings.HasSuffix(t.single, SpoolSuffix)
	t.files++
	var magic [2]byte
	n, err := f.ReadAt(magic[:], 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("%s: %w", t.path(), plainCause(err))
	}
	if !t.grows && isPacked(magic[:n]) {
		z, err := gzip.NewReader(f)
		if err != nil {
			return fmt.Errorf("%s: broken gzip header: %w", t.path(), err)
		}
		t.r = z
		if _, err := io.CopyN(io.Discard, z, at); err != nil {
			return (&file{path: t.path()}).wrap(err)
		}
		return nil
	}
	if _, err := f.Seek(at, io.SeekStart); err != nil {
		return fmt.Errorf("%s: %w", t.path(), plainCause(err))
	}
	return nil
}

// seek goes back, or forward, to a place where a tap of the same stream was.
func (t *tap) seek(m mark) error {
	t.name, t.files, t.more, t.over = m.name, m.files, nil, false
	if m.layout == nil { // between two files
		return nil
	}
	t.files--
	return t.open(m.at)
}

// read is io.Reader for the file under way. The error is io.EOF at its end, and
// errNotYet where it ends for now.
func (t *tap) read(p []byte) (int, error) {
	n, err := t.r.Read(p)
	t.at += int64(n)
	switch {
	case n > 0 || err == nil:
		return n, nil
	case !errors.Is(err, io.EOF):
		return 0, (&file{path: t.path()}).wrap(err)
	case t.grows:
		return 0, t.growth()
	}
	return 0, io.EOF
}

// growth tells what it means that a growing file ends here.
func (t *tap) growth() error {
	info, err := t.f.Stat()
	if err == nil && info.Size() < t.at {
		return fmt.Errorf("%s: it was cut short to %d bytes, after %d had been read", t.path(), info.Size(), t.at)
	}
	text, err := os.ReadFile(t.path() + EndSuffix)
	if errors.Is(err, os.ErrNotExist) {
		return errNotYet
	}
	if err != nil {
		return fmt.Errorf("%s: %w", t.path()+EndSuffix, plainCause(err))
	}
	line, whole := strings.CutSuffix(string(text), "\n")
	if !whole { // it is being written
		return errNotYet
	}
	size, err := strconv.ParseInt(line, 10, 64)
	switch {
	case err != nil || size < t.at:
		return fmt.Errorf("%s: expected the size of %s, of which %d bytes have been read; found %s", t.path()+EndSuffix, filepath.Base(t.path()), t.at, quote(text))
	case size > t.at:
		return errNotYet
	}
	return io.EOF
}

// close closes the file under way.
func (t *tap) close() {
	if t.f != nil {
		t.f.Close()
		t.f, t.r = nil, nil
	}
}

// pause waits until it is time to look again. It returns the cause if ctx ends.
func pause(ctx context.Context) error {
	timer := time.NewTimer(lookEvery)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
