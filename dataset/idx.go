package dataset

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
)

// The first four bytes of IDX files: unsigned bytes, in 3 or 1 dimensions.
const (
	idxImages = 2051
	idxLabels = 2049
)

// What the names of the files begin with.
const (
	trainFiles = "train"
	testFiles  = "t10k"
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

// openIDX reads the four files of dir, by the names that MNIST gave them.
func openIDX(ctx context.Context, dir string, stored *Prep) (*raw, error) {
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		return nil, fmt.Errorf("%s: no such directory; expected one with the files %s-images-idx3-ubyte, %s-labels-idx1-ubyte and the same of %s, each plain or .gz",
			dir, trainFiles, trainFiles, testFiles)
	}
	trainX, trainY, err := readPair(ctx, dir, trainFiles)
	if err != nil {
		return nil, err
	}
	testX, testY, err := readPair(ctx, dir, testFiles)
	if err != nil {
		return nil, err
	}
	if trainX.h != testX.h || trainX.w != testX.w {
		return nil, fmt.Errorf("%s: expected images of %dx%d as in %s, these are %dx%d",
			testX.path, trainX.h, trainX.w, trainX.path, testX.h, testX.w)
	}
	r := &raw{
		name:   filepath.Base(filepath.Clean(dir)),
		path:   dir,
		kind:   Image,
		shape:  []int{1, trainX.h, trainX.w},
		labels: slices.Concat(trainY.labels, testY.labels),
		train:  trainX.n,
		pixels: func(_ context.Context, rows []int32) ([]uint8, error) {
			return pick(rows, trainX, testX), nil
		},
	}
	if stored != nil {
		if err := stored.check(dir, r.kind, r.shape); err != nil {
			return nil, err
		}
		r.classes = stored.Classes
		err = inRange(trainY, len(r.classes), "the model's labels")
	} else {
		r.classes, err = idxClasses(trainY)
	}
	if err != nil {
		return nil, err
	}
	return r, inRange(testY, len(r.classes), "the training labels")
}

// labels are the classes of one IDX file.
type labels struct {
	path   string
	labels []int32
}

// readPair reads the images and labels of one part.
func readPair(ctx context.Context, dir, part string) (images, labels, error) {
	if err := context.Cause(ctx); err != nil {
		return images{}, labels{}, err
	}
	x, err := readIDX(filepath.Join(dir, part+"-images-idx3-ubyte"), readImages)
	if err != nil {
		return images{}, labels{}, err
	}
	y, err := readIDX(filepath.Join(dir, part+"-labels-idx1-ubyte"), readLabels)
	if err != nil {
		return images{}, labels{}, err
	}
	if len(y.labels) != x.n {
		return images{}, labels{}, fmt.Errorf("%s: expected %d labels, one for each image of %s, found %d",
			y.path, x.n, x.path, len(y.labels))
	}
	return x, y, nil
}

// readIDX opens path, or path.gz, and reads it whole.
func readIDX[T any](path string, read func(path string, r io.Reader, room int64) (T, error)) (T, error) {
	f, err := openFile(path, path+".gz")
	if err != nil {
		var none T
		return none, err
	}
	defer f.Close()
	return read(f.path, f, f.room)
}

// readImages reads an IDX file of images. room bounds how many bytes r can
// give.
func readImages(path string, r io.Reader, room int64) (images, error) {
	d, err := readHeader(path, r, idxImages, 3)
	if err != nil {
		return images{}, err
	}
	im := images{path: path, n: d[0], h: d[1], w: d[2]}
	if im.h < 1 || im.h > maxSide || im.w < 1 || im.w > maxSide {
		return images{}, fmt.Errorf("%s: the header says images of %dx%d; expected sides of 1..%d", path, im.h, im.w, maxSide)
	}
	im.pixels, err = readBody(path, r, 16, int64(im.n)*int64(im.h)*int64(im.w), room)
	return im, err
}

// readLabels reads an IDX file of labels.
func readLabels(path string, r io.Reader, room int64) (labels, error) {
	d, err := readHeader(path, r, idxLabels, 1)
	if err != nil {
		return labels{}, err
	}
	body, err := readBody(path, r, 8, int64(d[0]), room)
	if err != nil {
		return labels{}, err
	}
	y := make([]int32, len(body))
	for i, b := range body {
		y[i] = int32(b)
	}
	return labels{path, y}, nil
}

// readHeader reads the magic number and the dimensions.
func readHeader(path string, r io.Reader, magic uint32, dims int) ([]int, error) {
	head := make([]byte, 4+4*dims)
	if n, err := io.ReadFull(r, head); err != nil {
		f := file{path: path}
		if err == io.EOF || err == io.ErrUnexpectedEOF {
			return nil, fmt.Errorf("%s: expected an IDX header of %d bytes, the file ends after %d", path, len(head), n)
		}
		return nil, f.wrap(err)
	}
	if got := binary.BigEndian.Uint32(head); got != magic {
		return nil, fmt.Errorf("%s: expected the magic number %d of an IDX file, found %d", path, magic, got)
	}
	d := make([]int, dims)
	for i := range d {
		d[i] = int(binary.BigEndian.Uint32(head[4+4*i:]))
	}
	if d[0] < 1 || d[0] > maxRows {
		return nil, fmt.Errorf("%s: the header says %d rows; expected 1..%d", path, d[0], maxRows)
	}
	return d, nil
}

// readBody reads exactly want bytes and then the end of the file. It believes
// the header only as far as bytes arrive: memory grows with what was read.
func readBody(path string, r io.Reader, header int, want, room int64) ([]byte, error) {
	if room < want+int64(header) {
		return nil, fmt.Errorf("%s: the header says %d bytes follow, but the file can hold at most %d; it is cut short or not an IDX file",
			path, want, max(room-int64(header), 0))
	}
	var buf bytes.Buffer
	buf.Grow(int(min(want+bytes.MinRead, 64<<20)))
	n, err := io.Copy(&buf, io.LimitReader(r, want+1))
	switch {
	case err != nil:
		f := file{path: path}
		return nil, f.wrap(err)
	case n < want:
		return nil, fmt.Errorf("%s: the header says %d bytes follow, the file ends after %d of them", path, want, n)
	case n > want:
		return nil, fmt.Errorf("%s: expected the file to end after the %d bytes its header announces, more follow", path, want)
	}
	return buf.Bytes(), nil
}

// idxClasses names the classes of the training labels by their numbers. Each
// number up to the largest must occur.
func idxClasses(y labels) ([]string, error) {
	top := int(slices.Max(y.labels))
	if top == 0 {
		return nil, fmt.Errorf("%s: all labels are 0; expected at least 2 classes", y.path)
	}
	names := make([]string, top+1)
	for c, n := range count(y.labels, top+1) {
		if n == 0 {
			return nil, fmt.Errorf("%s: class %d has no training sample; the labels go up to %d, expected each of 0..%d", y.path, c, top, top)
		}
		names[c] = strconv.Itoa(c)
	}
	return names, nil
}

// inRange checks that labels are below classes.
func inRange(y labels, classes int, whose string) error {
	for i, c := range y.labels {
		if int(c) >= classes {
			return fmt.Errorf("%s: row %d: label %d is out of range; %s are 0..%d", y.path, i, c, whose, classes-1)
		}
	}
	return nil
}

// pick copies the pixels of rows, which are numbered through both files, or
// returns them as they are if the rows are all of one file.
func pick(rows []int32, train, test images) []uint8 {
	switch {
	case len(rows) == train.n && rows[0] == 0 && int(rows[len(rows)-1]) == train.n-1:
		return train.pixels
	case len(rows) == test.n && int(rows[0]) == train.n:
		return test.pixels
	}
	dim := train.h * train.w
	out := make([]uint8, 0, len(rows)*dim)
	for _, r := range rows {
		from, i := train.pixels, int(r)
		if i >= train.n {
			from, i = test.pixels, i-train.n
		}
		out = append(out, from[i*dim:(i+1)*dim]...)
	}
	return out
}
