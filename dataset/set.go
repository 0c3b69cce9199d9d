package dataset

import (
	"fmt"

	"github.com/ballast-ml/ballast/internal/kernel"
)

// Set is one part of a data set: training, validation or test rows, in the
// order of their row numbers. It is immutable, and safe for concurrent use.
type Set struct {
	classes int
	dim     int
	shape   []int // of a sample; its product is dim
	ids     []int32
	labels  []int32
	weights []float32 // of the samples, 1 in the mean; nil: all are 1
	pixels  []uint8   // len = Len()*dim, or nil
	values  []float32 // numbers: len = Len()*dense, or nil
	dense   int       // values of a sample before those of categories; dim without categories
	places  []int32   // which of the other values are 1: len = Len()*(categories of a sample)
	bags    [][]entry // free texts: len = Len()*(texts of a sample)
	groups  []Group
}

// Group is a named part of a set that is reported apart.
type Group struct {
	Name string
	Rows []int32 // indices into the set, ascending
}

// Len returns the number of samples.
func (s *Set) Len() int { return len(s.labels) }

// Label returns the class of sample i, in [0, C).
func (s *Set) Label(i int) int32 { return s.labels[i] }

// ID returns the row number of sample i: its position in the files, counting
// on from the training file to the test file.
func (s *Set) ID(i int) int { return int(s.ids[i]) }

// Read writes the features of sample i to dst, as a model is to see them:
// pixels as p/255, columns as Prep says. It panics unless len(dst) is the number
// of features.
func (s *Set) Read(dst []float32, i int) {
	if len(dst) != s.dim {
		panic(fmt.Sprintf("dataset: Read into %d values, a sample has %d", len(dst), s.dim))
	}
	if s.values != nil {
		copy(dst, s.values[i*s.dense:(i+1)*s.dense])
		if s.dense < s.dim {
			s.categories(dst, i)
		}
		return
	}
	kernel.Fractions(dst, s.pixels[i*s.dim:(i+1)*s.dim])
}

// categories writes the values of the categories and the texts of sample i.
func (s *Set) categories(dst []float32, i int) {
	clear(dst[s.dense:])
	n := len(s.places) / len(s.labels)
	for _, at := range s.places[i*n : (i+1)*n] {
		if at >= 0 {
			dst[at] = 1
		}
	}
	n = len(s.bags) / len(s.labels)
	for _, bag := range s.bags[i*n : (i+1)*n] {
		for _, e := range bag {
			dst[e.at] = e.v
		}
	}
}

// Counts returns the number of samples of each class, in memory of its own.
func (s *Set) Counts() []int { return count(s.labels, s.classes) }

// Weighted reports whether the samples have weights that differ.
func (s *Set) Weighted() bool { return s.weights != nil }

// Mass returns the sum of the weights of each class, in memory of its own: the
// same as Counts where no samples have weights.
func (s *Set) Mass() []float64 {
	n := make([]float64, s.classes)
	for i, y := range s.labels {
		if s.weights == nil {
			n[y]++
		} else {
			n[y] += float64(s.weights[i])
		}
	}
	return n
}

// Groups returns the named groups of rows that the source defines, or nil.
// They need not cover the set. The caller must not change them.
func (s *Set) Groups() []Group { return s.groups }

func count(labels []int32, classes int) []int {
	n := make([]int, classes)
	for _, y := range labels {
		n[y]++
	}
	return n
}
