package dataset

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strconv"
)

// cifar is one of the two sets of A. Krizhevsky's "Learning multiple layers of
// features from tiny images" (2009), in their binary version: records of label
// bytes, the last of which counts, and 3072 bytes of a red, a green and a blue
// plane of 32x32.
type cifar struct {
	train, test []string // files
	labels      int      // bytes of a record's labels
	classes     int
	names       string // file with their names
}

var (
	cifar10  = cifar{[]string{"data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin", "data_batch_4.bin", "data_batch_5.bin"}, []string{"test_batch.bin"}, 1, 10, "batches.meta.txt"}
	cifar100 = cifar{[]string{"train.bin"}, []string{"test.bin"}, 2, 100, "fine_label_names.txt"}
)

// cifarPixels is the number of values of an image.
const cifarPixels = 3 * 32 * 32

// open reads the files in dir, each plain or with .gz behind its name.
func (c cifar) open(ctx context.Context, dir string, s *Spec) (*raw, error) {
	r := &raw{name: base(dir), path: shown(dir), kind: Image, shape: []int{3, 32, 32}}
	var pixels []uint8
	for i, name := range slices.Concat(c.train, c.test) {
		if err := context.Cause(ctx); err != nil {
			return nil, err
		}
		if i == len(c.train) {
			r.train = len(r.labels)
		}
		f, err := openFile(ctx, join(dir, name), join(dir, name+".gz"))
		if err != nil {
			return nil, fmt.Errorf("%w; expected the binary version, with %s", err, name)
		}
		path := f.path
		content, err := readRest(f)
		if err != nil {
			return nil, err
		}
		size := c.labels + cifarPixels
		if len(content) == 0 || len(content)%size != 0 {
			return nil, fmt.Errorf("%s: expected records of %d bytes, found %d bytes; it is cut short, or not the binary version", path, size, len(content))
		}
		for at := 0; at < len(content); at += size {
			label := content[at+c.labels-1]
			if int(label) >= c.classes {
				return nil, fmt.Errorf("%s: record %d: label %d is out of range; expected 0..%d", path, at/size, label, c.classes-1)
			}
			r.labels = append(r.labels, int32(label))
			pixels = append(pixels, content[at+c.labels:at+size]...)
		}
	}
	r.pixels = picker(pixels, cifarPixels, s.memory())
	return r, c.classNames(ctx, dir, r, s)
}

// classNames names the classes by the file beside the data, or by numbers.
func (c cifar) classNames(ctx context.Context, dir string, r *raw, s *Spec) error {
	if s.Prep != nil {
		r.classes = s.Prep.Classes
		if err := s.Prep.check(r.path, r.kind, r.shape); err != nil {
			return err
		}
		if len(r.classes) != c.classes {
			return fmt.Errorf("%s: expected the %d classes of the stored model, the set has %d", r.path, len(r.classes), c.classes)
		}
		return nil
	}
	names, err := readNames(ctx, join(dir, c.names), c.classes)
	if !errors.Is(err, fs.ErrNotExist) {
		r.classes = names
		return err
	}
	for k := range c.classes {
		r.classes = append(r.classes, strconv.Itoa(k))
	}
	return nil
}

// picker returns what copies the pixels of rows, or hands out those of all rows
// as they are.
func picker(pixels []uint8, dim int, to *room) func(context.Context, []int32) ([]uint8, error) {
	return func(_ context.Context, rows []int32) ([]uint8, error) {
		if len(rows) > 0 && int(rows[len(rows)-1]-rows[0]) == len(rows)-1 { // rows ascend: a window
			return pixels[int(rows[0])*dim : (int(rows[len(rows)-1])+1)*dim], nil
		}
		out, err := to.lasting(len(rows) * dim)
		if err != nil {
			return nil, err
		}
		for k, r := range rows {
			copy(out[k*dim:], pixels[int(r)*dim:(int(r)+1)*dim])
		}
		return out, nil
	}
}
