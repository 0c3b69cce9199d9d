package dataset

import (
	"bufio"
	"compress/flate"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
)

// deflateLimit bounds how much longer a deflated file can become: no block of
// deflate code expands by more than 1032.
const deflateLimit = 1032

// file is an input file, decompressed if it is gzipped.
type file struct {
	io.Reader
	path string
	// room is an upper bound on the number of bytes that can be read: the
	// file's size if it is plain.
	room int64
	f    *os.File
}

// openFile opens the first of the given paths that exists. It looks at the
// content, not at the name, to tell whether it is gzipped.
func openFile(paths ...string) (*file, error) {
	var f *os.File
	var err error
	for _, p := range paths {
		if f, err = os.Open(p); !errors.Is(err, fs.ErrNotExist) {
			break
		}
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("%s: no such file", strings.Join(paths, " or "))
	case err != nil:
		return nil, fmt.Errorf("%s: cannot open: %w", paths[0], plainCause(err))
	}
	in, err := newFile(f)
	if err != nil {
		f.Close()
		return nil, err
	}
	return in, nil
}

func newFile(f *os.File) (*file, error) {
	path := f.Name()
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, plainCause(err))
	}
	if info.IsDir() {
		return nil, fmt.Errorf("%s: expected a file, this is a directory", path)
	}
	in := &file{path: path, f: f, room: info.Size()}
	if !info.Mode().IsRegular() {
		in.room = 1 << 62 // a pipe: no size to go by
	}
	b := bufio.NewReaderSize(f, 1<<16)
	in.Reader = b
	if magic, _ := b.Peek(2); len(magic) == 2 && magic[0] == 0x1f && magic[1] == 0x8b {
		z, err := gzip.NewReader(b)
		if err != nil {
			return nil, fmt.Errorf("%s: broken gzip header: %w", path, err)
		}
		in.Reader = z
		in.room = min(in.room, 1<<51) * deflateLimit
	}
	return in, nil
}

// Close closes the file.
func (f *file) Close() error { return f.f.Close() }

// wrap makes an error of reading one for people, who know what a cut file is
// and not what an unexpected EOF is.
func (f *file) wrap(err error) error {
	var corrupt flate.CorruptInputError
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF):
		return fmt.Errorf("%s: the gzip stream is cut short; copy the file again", f.path)
	case errors.Is(err, gzip.ErrChecksum), errors.Is(err, gzip.ErrHeader), errors.As(err, &corrupt):
		return fmt.Errorf("%s: the gzip stream is damaged (%w); copy the file again", f.path, err)
	}
	return fmt.Errorf("%s: %w", f.path, plainCause(err))
}

// plainCause drops the operation and the path, which our messages name
// themselves.
func plainCause(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}
