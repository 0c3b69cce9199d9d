package dataset

import (
	"archive/zip"
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io"
	"math"
	"strings"

	"github.com/ballast-ml/ballast/dataset/frame"
	"github.com/ballast-ml/ballast/dataset/parquet"
)

// readARFF reads a file of Weka's.
func readARFF(ctx context.Context, place string, s *Spec, _ int, want kinds) (*frame.Frame, error) {
	return readText(ctx, place, s, want, frame.SniffARFF)
}

// readLibSVM reads a file whose rows begin with their labels.
func readLibSVM(ctx context.Context, place string, s *Spec, columns int, want kinds) (*frame.Frame, error) {
	path, content, err := readContent(ctx, place)
	if err != nil {
		return nil, err
	}
	f, err := frame.ParseLibSVM(ctx, path, content, columns)
	if err != nil {
		return nil, err
	}
	return as(f, want)
}

// readNPY reads a matrix.
func readNPY(ctx context.Context, place string, _ *Spec, _ int, want kinds) (*frame.Frame, error) {
	path, content, err := readContent(ctx, place)
	if err != nil {
		return nil, err
	}
	x, err := frame.ParseNPY(content)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	f, err := frame.FromArrays(path, x, nil)
	if err != nil {
		return nil, err
	}
	return as(f, want)
}

// What the arrays of an archive are called.
var (
	npzFeatures = []string{"x", "X", "data", "features", "x_train", "X_train", "arr_0"}
	npzLabels   = []string{"y", "Y", "label", "labels", "target", "targets", "y_train", "Y_train", "arr_1"}
)

// readNPZ reads an archive with a matrix and a vector of labels, which becomes
// the last column.
func readNPZ(ctx context.Context, place string, _ *Spec, _ int, want kinds) (*frame.Frame, error) {
	path, content, err := readContent(ctx, place)
	if err != nil {
		return nil, err
	}
	archive, err := zip.NewReader(bytes.NewReader(content), int64(len(content)))
	if err != nil {
		return nil, fmt.Errorf("%s: expected an NPZ archive: %w", path, err)
	}
	x, err := member(archive, path, npzFeatures)
	if err != nil {
		return nil, err
	}
	y, err := member(archive, path, npzLabels)
	if err != nil {
		return nil, err
	}
	f, err := frame.FromArrays(path, x, y)
	if err != nil {
		return nil, err
	}
	return as(f, want)
}

// maxMember is the most bytes that an array of an archive may have.
const maxMember = 8 << 30

// member reads the array of an archive that has the first of the given names.
func member(archive *zip.Reader, path string, names []string) (*frame.Array, error) {
	for _, name := range names {
		for _, file := range archive.File {
			if file.Name != name+".npy" {
				continue
			}
			r, err := file.Open()
			if err != nil {
				return nil, fmt.Errorf("%s: %s: %w", path, file.Name, err)
			}
			defer r.Close()
			content, err := io.ReadAll(io.LimitReader(r, maxMember))
			if err != nil {
				return nil, fmt.Errorf("%s: %s: %w", path, file.Name, err)
			}
			a, err := frame.ParseNPY(content)
			if err != nil {
				return nil, fmt.Errorf("%s: %s: %w", path, file.Name, err)
			}
			return a, nil
		}
	}
	var there []string
	for _, file := range archive.File {
		there = append(there, strings.TrimSuffix(file.Name, ".npy"))
	}
	return nil, fmt.Errorf("%s: expected an array named %s, found %s", path, strings.Join(names, ", "), cmp.Or(frame.Listed(there), "none"))
}

// readParquet reads a file of columns.
func readParquet(ctx context.Context, place string, s *Spec, _ int, want kinds) (*frame.Frame, error) {
	var missing []string
	if s.Missing != "" && s.Missing != "auto" {
		var err error
		if missing, err = splitList(s.Missing); err != nil {
			return nil, fmt.Errorf("missing: %w", err)
		}
	}
	path, content, err := readContent(ctx, place)
	if err != nil {
		return nil, err
	}
	return parquet.Parse(ctx, path, content, missing, parquet.Want(want))
}

// readContent reads a file, decompressed.
func readContent(ctx context.Context, place string) (path string, content []byte, err error) {
	path, packed, err := readPacked(ctx, place)
	if err == nil {
		content, err = unpack(path, packed, math.MaxInt64)
	}
	return path, content, err
}

// as gives the columns of a file that has kinds of its own those that are
// wanted. Numbers become texts; texts become no numbers.
func as(f *frame.Frame, want kinds) (*frame.Frame, error) {
	all, err := want(f.Names(), len(f.Columns))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", f.Path, err)
	}
	for i, kind := range all {
		switch {
		case kind.IsText():
			f.AsText(i, kind)
		case kind == frame.Number && f.Columns[i].Kind.IsText():
			return nil, fmt.Errorf("%s: %s: expected numbers as in the first file or in training, found text", f.Path, f.Describe(i))
		}
	}
	return f, nil
}
