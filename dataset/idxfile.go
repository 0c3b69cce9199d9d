package dataset

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// The first four bytes of IDX files: unsigned bytes, in 3 or 1 dimensions.
const (
	idxImages = 2051
	idxLabels = 2049
)

// Limits that no honest file of small images exceeds.
const (
	maxRows = 1 << 30
	maxSide = 1 << 12
)

// images are the pixels of one IDX file.
type images struct {
	path    string
	n, h, w int
	pixels  []uint8 // n*h*w, row-major
}

// labels are the classes of one IDX file.
type labels struct {
	path   string
	labels []int32
}

// readIDX reads the named file of a directory, or the one with .gz behind its
// name, whole.
func readIDX[T any](ctx context.Context, dir, name string, r *room, read func(*file, *room) (T, error)) (T, error) {
	f, err := openFile(ctx, join(dir, name), join(dir, name+".gz"))
	if err != nil {
		var none T
		return none, err
	}
	defer f.Close()
	return read(f, r)
}

// readImages reads an IDX file of images.
func readImages(f *file, r *room) (images, error) {
	d, err := readHeader(f, idxImages, 3)
	if err != nil {
		return images{}, err
	}
	im := images{path: f.path, n: d[0], h: d[1], w: d[2]}
	if im.h < 1 || im.h > maxSide || im.w < 1 || im.w > maxSide {
		return images{}, fmt.Errorf("%s: the header says images of %dx%d; expected sides of 1..%d", f.path, im.h, im.w, maxSide)
	}
	im.pixels, err = readBody(f, r, 16, int64(im.n)*int64(im.h)*int64(im.w))
	return im, err
}

// readLabels reads an IDX file of labels.
func readLabels(f *file, r *room) (labels, error) {
	d, err := readHeader(f, idxLabels, 1)
	if err != nil {
		return labels{}, err
	}
	body, err := readBody(f, r, 8, int64(d[0]))
	if err != nil {
		return labels{}, err
	}
	y := make([]int32, len(body))
	for i, b := range body {
		y[i] = int32(b)
	}
	return labels{f.path, y}, nil
}

// readHeader reads the magic number and the dimensions.
func readHeader(f *file, magic uint32, dims int) ([]int, error) {
	head := make([]byte, 4+4*dims)
	n, err := io.ReadFull(f, head)
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return nil, fmt.Errorf("%s: expected an IDX header of %d bytes, the file ends after %d", f.path, len(head), n)
	case err != nil:
		return nil, f.wrap(err)
	}
	if got := binary.BigEndian.Uint32(head); got != magic {
		return nil, fmt.Errorf("%s: expected the magic number %d of an IDX file, found %d", f.path, magic, got)
	}
	d := make([]int, dims)
	for i := range d {
		d[i] = int(binary.BigEndian.Uint32(head[4+4*i:]))
	}
	if d[0] < 1 || d[0] > maxRows {
		return nil, fmt.Errorf("%s: the header says %d rows; expected 1..%d", f.path, d[0], maxRows)
	}
	return d, nil
}

// readBody reads exactly want bytes and then the end of the file. It believes
// the header, of so many bytes, only as far as bytes arrive: memory, or r if
// there are many, fills with what was read.
func readBody(f *file, r *room, header, want int64) ([]byte, error) {
	if f.room < want+header {
		return nil, fmt.Errorf("%s: the header says %d bytes follow, but the file can hold at most %d; it is cut short or not an IDX file",
			f.path, want, max(f.room-header, 0))
	}
	body, err := r.growing(want)
	if err != nil {
		return nil, err
	}
	n, err := io.Copy(body, io.LimitReader(f, want+1))
	switch {
	case err != nil:
		return nil, f.wrap(err)
	case n < want:
		return nil, fmt.Errorf("%s: the header says %d bytes follow, the file ends after %d of them", f.path, want, n)
	case n > want:
		return nil, fmt.Errorf("%s: expected the file to end after the %d bytes its header announces, more follow", f.path, want)
	}
	return body.Bytes(), nil
}
