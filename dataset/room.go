package dataset

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"fmt"
	"io"
	"math"
	"os"

	"github.com/ballast-ml/ballast/dataset/frame"
	"github.com/ballast-ml/ballast/internal/mapped"
)

// DefaultInMemory is the size in bytes from which on a piece of a data set lies
// in a file, if nothing else is said.
const DefaultInMemory = 1 << 30

// room gives the memory for what grows with the number of rows: texts, cells,
// samples. Pieces larger than a limit lie in files. What lasts longer than the
// reading, and all that is written, is in files without names, which nobody else
// can change or cut short.
type room struct {
	most int    // bytes of the largest piece on the heap
	dir  string // of the files
	mine [][]byte
}

func newRoom(s *Spec) *room {
	return &room{most: int(min(cmp.Or(s.InMemory, DefaultInMemory), math.MaxInt/16)), dir: cmp.Or(s.Cache, os.TempDir())}
}

// lasting returns n zeros that stay until the program ends.
func (r *room) lasting(n int) ([]byte, error) {
	if n <= r.most {
		return make([]byte, n), nil
	}
	f, err := r.temp()
	if err != nil {
		return nil, err
	}
	defer os.Remove(f.Name()) // where it still has a name
	defer f.Close()
	b, err := mapped.Scratch(f, n)
	if err != nil {
		return nil, fmt.Errorf("%s: a file of %d bytes: %w", r.dir, n, plainCause(err))
	}
	return b, nil
}

// passing is lasting for what close takes back.
func (r *room) passing(n int) ([]byte, error) {
	b, err := r.lasting(n)
	if err == nil && n > r.most {
		r.mine = append(r.mine, b)
	}
	return b, err
}

// values32 is lasting for an empty slice with room for n values.
func (r *room) values32(n int) ([]float32, error) {
	if n <= r.most/4 {
		return make([]float32, 0, n), nil
	}
	b, err := r.lasting(4 * n)
	return mapped.Values[float32](b)[:0], err
}

// places is values32 for the places of categories.
func (r *room) places(n int) ([]int32, error) {
	if n <= r.most/4 {
		return make([]int32, 0, n), nil
	}
	b, err := r.lasting(4 * n)
	return mapped.Values[int32](b)[:0], err
}

// cells is passing for an empty slice with room for n cells.
func (r *room) cells(n int) ([]float64, error) {
	b, err := r.passing(8 * n)
	return mapped.Values[float64](b)[:0], err
}

// growing returns an empty buffer for want bytes, which may turn out to be
// fewer, or one more.
func (r *room) growing(want int64) (*bytes.Buffer, error) {
	if want <= int64(r.most) {
		var b bytes.Buffer
		b.Grow(int(min(want+bytes.MinRead, 64<<20)))
		return &b, nil
	}
	b, err := r.lasting(int(want) + 2*bytes.MinRead) // a Buffer looks for the end behind what it has
	return bytes.NewBuffer(b[:0]), err
}

// file returns the content of a file, read in place if it is large.
func (r *room) file(f *os.File, size int) ([]byte, error) {
	b, err := mapped.File(f, size)
	if err == nil {
		r.mine = append(r.mine, b)
	}
	return b, err
}

// unpacked returns the content of a file that may be gzipped.
func (r *room) unpacked(path string, packed []byte) ([]byte, error) {
	content, err := unpack(path, packed, int64(r.most)+1)
	if err != nil || len(content) <= r.most {
		return content, err
	}
	if !isPacked(packed) {
		return packed, nil
	}
	return r.unpackToFile(path, packed)
}

// unpackToFile is unpacked for a content that is too large for the heap.
func (r *room) unpackToFile(path string, packed []byte) ([]byte, error) {
	z, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, fmt.Errorf("%s: broken gzip header: %w", path, err)
	}
	f, err := r.temp()
	if err != nil {
		return nil, err
	}
	defer os.Remove(f.Name()) // where it still has a name
	defer f.Close()
	n, err := io.Copy(f, z)
	if err != nil {
		return nil, (&file{path: path}).wrap(err)
	}
	return r.file(f, int(n))
}

// temp returns a file without a name.
func (r *room) temp() (*os.File, error) {
	err := os.MkdirAll(r.dir, 0o700)
	var f *os.File
	if err == nil {
		f, err = mapped.Temp(r.dir)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: no file for data that are not to be held in memory (--cache puts it elsewhere): %w", r.dir, plainCause(err))
	}
	return f, nil
}

// append puts the rows of g, of which the given columns count, behind those of
// f.
func (r *room) append(f, g *frame.Frame, columns []int) error {
	from, more := len(f.Cells), g.Rows*len(columns)
	if 8*(from+more) > r.most {
		cells, err := r.cells(from + more)
		if err != nil {
			return err
		}
		f.Cells = append(cells, f.Cells...)
	}
	f.Append(g.Pick(columns))
	return nil
}

// close gives back what is passing.
func (r *room) close() {
	for _, b := range r.mine {
		_ = mapped.Free(b) // nothing depends on it
	}
	r.mine = nil
}
