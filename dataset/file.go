package dataset

import (
	"bufio"
	"bytes"
	"compress/flate"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"strings"
)

// deflateLimit bounds how much longer a deflated file can become: no block of
// deflate code expands by more than 1032.
const deflateLimit = 1032

// file is an input file, decompressed if it is gzipped.
type file struct {
	io.Reader
	path string // or address, for messages
	// room is an upper bound on the number of bytes that can be read: the
	// file's size if it is plain.
	room int64
	c    io.Closer
}

// openFile opens the first of the given places at which there is a file. It
// looks at the content, not at the name, to tell whether it is gzipped. The
// error wraps fs.ErrNotExist if there is none.
func openFile(ctx context.Context, places ...string) (*file, error) {
	var names []string
	var none error
	for _, place := range places {
		f, err := openPlace(ctx, place)
		switch {
		case err == nil:
			return newFile(f, shown(place))
		case ctx.Err() != nil:
			return nil, context.Cause(ctx)
		case !errors.Is(err, fs.ErrNotExist):
			return nil, fmt.Errorf("%s: %w", shown(place), err)
		}
		names, none = append(names, shown(place)), err
	}
	return nil, fmt.Errorf("%s: %w", strings.Join(names, " or "), none)
}

// readPacked reads a file as it lies there, gzipped or not.
func readPacked(ctx context.Context, place string) (path string, packed []byte, err error) {
	return readPackedIn(ctx, place, nil)
}

// readPackedIn is readPacked for a file that may lie in r.
func readPackedIn(ctx context.Context, place string, r *room) (path string, packed []byte, err error) {
	path = shown(place)
	f, err := openPlace(ctx, place)
	if err != nil {
		if ctx.Err() != nil {
			return path, nil, context.Cause(ctx)
		}
		return path, nil, fmt.Errorf("%s: %w", path, err)
	}
	defer f.Close()
	info, err := f.Stat()
	switch {
	case err != nil:
		return path, nil, fmt.Errorf("%s: %w", path, plainCause(err))
	case info.IsDir():
		return path, nil, fmt.Errorf("%s: expected a file, this is a directory", path)
	}
	if of, ok := f.(*os.File); ok && r != nil && info.Mode().IsRegular() && info.Size() > int64(r.most) {
		if packed, err = r.file(of, int(info.Size())); err != nil {
			err = fmt.Errorf("%s: %w", path, plainCause(err))
		}
		return path, packed, err
	}
	var b bytes.Buffer
	b.Grow(int(min(max(info.Size(), 0), 1<<32)) + bytes.MinRead) // a file that does not say grows the buffer
	if _, err := b.ReadFrom(f); err != nil {
		return path, nil, fmt.Errorf("%s: %w", path, plainCause(err))
	}
	return path, b.Bytes(), nil
}

// unpack returns the content of a file that readPacked has read, or as many
// bytes of it as are asked for. It may be packed itself, so do not change it.
func unpack(path string, packed []byte, most int64) ([]byte, error) {
	if !isPacked(packed) {
		return packed[:min(int64(len(packed)), most)], nil
	}
	in := &file{path: path}
	z, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, fmt.Errorf("%s: broken gzip header: %w", path, err)
	}
	var b bytes.Buffer
	b.Grow(int(min(4*int64(len(packed)), most, 1<<32)) + bytes.MinRead)
	if _, err := b.ReadFrom(io.LimitReader(z, most)); err != nil {
		return nil, in.wrap(err)
	}
	return b.Bytes(), nil
}

// isPacked tells a gzipped file by how it begins.
func isPacked(content []byte) bool { return bytes.HasPrefix(content, []byte("\x1f\x8b")) }

// openPlace opens a file, after a download if it is elsewhere.
func openPlace(ctx context.Context, place string) (fs.File, error) {
	address, err := parseAddress(place)
	if err != nil {
		return nil, err
	}
	if address != nil {
		return fetchVerified(ctx, address)
	}
	f, err := os.Open(place)
	return f, plainCause(err)
}

// fetchVerified downloads a file. If the address ends in #sha256=HEX the file is
// the one with this SHA-256, or none.
func fetchVerified(ctx context.Context, address *url.URL) (fs.File, error) {
	sum, err := checksum(address.Fragment)
	if err != nil {
		return nil, err
	}
	f, err := newFetcher().fetch(ctx, address)
	if err != nil || sum == "" {
		return f, err
	}
	if err := verify(f, sum); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// newFile takes f over.
func newFile(f fs.File, path string) (*file, error) {
	in := &file{path: path, c: f}
	if err := in.look(f); err != nil {
		f.Close()
		return nil, err
	}
	return in, nil
}

// look finds out what kind of file f is.
func (in *file) look(f fs.File) error {
	info, err := f.Stat()
	if err != nil {
		return in.wrap(err)
	}
	if info.IsDir() {
		return fmt.Errorf("%s: expected a file, this is a directory", in.path)
	}
	in.room = info.Size()
	if !info.Mode().IsRegular() {
		in.room = 1 << 62 // a pipe: no size to go by
	}
	b := bufio.NewReaderSize(f, 1<<16)
	in.Reader = b
	if magic, _ := b.Peek(2); string(magic) == "\x1f\x8b" {
		if in.Reader, err = gzip.NewReader(b); err != nil {
			return fmt.Errorf("%s: broken gzip header: %w", in.path, err)
		}
		in.room = min(in.room, 1<<51) * deflateLimit
	}
	return nil
}

// readRest reads what is left of f, and closes it.
func readRest(f *file) ([]byte, error) {
	defer f.Close()
	content, err := io.ReadAll(f)
	if err != nil {
		return nil, f.wrap(err)
	}
	return content, nil
}

// Close closes the file.
func (in *file) Close() error { return in.c.Close() }

// wrap makes an error of reading one for people, who know what a cut file is
// and not what an unexpected EOF is.
func (in *file) wrap(err error) error {
	var corrupt flate.CorruptInputError
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF):
		return fmt.Errorf("%s: the gzip stream is cut short; copy the file again", in.path)
	case errors.Is(err, gzip.ErrChecksum), errors.Is(err, gzip.ErrHeader), errors.As(err, &corrupt):
		return fmt.Errorf("%s: the gzip stream is damaged (%w); copy the file again", in.path, err)
	}
	return fmt.Errorf("%s: %w", in.path, plainCause(err))
}

// plainCause drops the operation and the path, which our messages name
// themselves.
func plainCause(err error) error {
	if p, ok := errors.AsType[*fs.PathError](err); ok {
		return p.Err
	}
	return err
}
