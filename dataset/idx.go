package dataset

import (
	"context"
	"fmt"
	"os"
	"slices"
)

// What the names of the files begin with.
const (
	trainFiles = "train"
	testFiles  = "t10k"
)

// openIDX reads the four files of dir, by the names that MNIST gave them.
func openIDX(ctx context.Context, dir string, s *Spec) (*raw, error) {
	if address, _ := parseAddress(dir); address == nil {
		if info, err := os.Stat(dir); err != nil || !info.IsDir() {
			return nil, fmt.Errorf("%s: no such directory; expected one with the files %s-images-idx3-ubyte, %s-labels-idx1-ubyte and the same of %s, each plain or .gz",
				dir, trainFiles, trainFiles, testFiles)
		}
	}
	trainX, trainY, err := readPair(ctx, dir, trainFiles, s.memory())
	if err != nil {
		return nil, err
	}
	testX, testY, err := readPair(ctx, dir, testFiles, s.memory())
	if err != nil {
		return nil, err
	}
	if trainX.h != testX.h || trainX.w != testX.w {
		return nil, fmt.Errorf("%s: expected images of %dx%d as in %s, these are %dx%d",
			testX.path, trainX.h, trainX.w, trainX.path, testX.h, testX.w)
	}
	r := &raw{
		name:   base(dir),
		path:   shown(dir),
		kind:   Image,
		shape:  []int{1, trainX.h, trainX.w},
		labels: slices.Concat(trainY.labels, testY.labels),
		train:  trainX.n,
		pixels: func(_ context.Context, rows []int32) ([]uint8, error) {
			return pick(rows, trainX, testX, s.memory())
		},
	}
	if s.Prep != nil {
		if err := s.Prep.check(r.path, r.kind, r.shape); err != nil {
			return nil, err
		}
		r.classes = s.Prep.Classes
		err = inRange(trainY, len(r.classes), "the model's labels")
	} else {
		r.classes, err = idxClasses(ctx, dir, trainY, testY)
	}
	if err != nil {
		return nil, err
	}
	return r, inRange(testY, len(r.classes), "the training labels")
}

// readPair reads the images and labels of one part.
func readPair(ctx context.Context, dir, part string, r *room) (images, labels, error) {
	if err := context.Cause(ctx); err != nil {
		return images{}, labels{}, err
	}
	x, err := readIDX(ctx, dir, part+"-images-idx3-ubyte", r, readImages)
	if err != nil {
		return images{}, labels{}, err
	}
	y, err := readIDX(ctx, dir, part+"-labels-idx1-ubyte", r, readLabels)
	if err != nil {
		return images{}, labels{}, err
	}
	if len(y.labels) != x.n {
		return images{}, labels{}, fmt.Errorf("%s: expected %d labels, one for each image of %s, found %d",
			y.path, x.n, x.path, len(y.labels))
	}
	return x, y, nil
}

// idxClasses returns the names of the classes of the training labels. Each
// number up to the largest must occur.
func idxClasses(ctx context.Context, dir string, train, test labels) ([]string, error) {
	top := int(slices.Max(train.labels))
	if top == 0 {
		return nil, fmt.Errorf("%s: all labels are 0; expected at least 2 classes", train.path)
	}
	for c, n := range count(train.labels, top+1) {
		if n == 0 {
			return nil, fmt.Errorf("%s: class %d has no training sample; the labels go up to %d, expected each of 0..%d", train.path, c, top, top)
		}
	}
	return classNames(ctx, dir, test, top+1)
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
func pick(rows []int32, train, test images, to *room) ([]uint8, error) {
	switch {
	case len(rows) == train.n && rows[0] == 0 && int(rows[len(rows)-1]) == train.n-1:
		return train.pixels, nil
	case len(rows) == test.n && int(rows[0]) == train.n:
		return test.pixels, nil
	}
	dim := train.h * train.w
	out, err := to.lasting(len(rows) * dim)
	if err != nil {
		return nil, err
	}
	for k, r := range rows {
		from, i := train.pixels, int(r)
		if i >= train.n {
			from, i = test.pixels, i-train.n
		}
		copy(out[k*dim:], from[i*dim:(i+1)*dim])
	}
	return out, nil
}
