package model

import (
	"cmp"
	"slices"
)

// TreeEdges returns the edges of at most bins bins that tell the classes apart:
// the smallest value, the splits of a decision tree on this one column, and the
// largest value. Of all leaves the tree splits the one whose split lowers the
// Gini impurity most, classes weighing the same whatever their size, and leaves
// no leaf below leastLeaf rows. There are none if all values are equal. It
// reorders values, which must be finite, and labels with them.
//
// Counts are whole numbers and the impurities float64 sums in a fixed order, so
// that the edges are the same on every processor.
func TreeEdges(values []float32, labels []int32, classes, bins int) []float32 {
	if len(values) == 0 || bins < 1 {
		return nil
	}
	t := newSplitter(values, labels, classes)
	leaves := []leaf{t.leaf(0, len(values))}
	for len(leaves) < bins {
		best := 0
		for i, l := range leaves {
			if l.gain > leaves[best].gain {
				best = i
			}
		}
		l := leaves[best]
		if !(l.gain > 0) {
			break
		}
		leaves[best] = t.leaf(l.lo, l.at)
		leaves = slices.Insert(leaves, best+1, t.leaf(l.at, l.hi))
	}
	edges := []float32{t.values[0]}
	for _, l := range leaves[1:] {
		edges = append(edges, middle(t.values[l.lo-1], t.values[l.lo]))
	}
	return spaced(append(edges, t.values[len(values)-1]))
}

// leastLeaf is the fewest rows of a leaf.
const leastLeaf = 16

// middle returns a number in (a, b], for a < b.
func middle(a, b float32) float32 {
	if m := float32(float64(a)/2 + float64(b)/2); m > a {
		return m
	}
	return b
}

// splitter looks for splits of runs of sorted values.
type splitter struct {
	values  []float32
	labels  []int32
	weights []float64 // of a row of each class
	left    []float64 // scratch: class weights on either side
	right   []float64
}

// leaf is a run of values, and its best split, in front of at; gain is 0 if
// there is none.
type leaf struct {
	lo, at, hi int
	gain       float64
}

func newSplitter(values []float32, labels []int32, classes int) *splitter {
	type row struct {
		value float32
		label int32
	}
	rows := make([]row, len(values))
	counts := make([]int, classes)
	for i, v := range values {
		rows[i] = row{v, labels[i]}
		counts[labels[i]]++
	}
	slices.SortFunc(rows, func(a, b row) int { return cmp.Or(cmp.Compare(a.value, b.value), cmp.Compare(a.label, b.label)) })
	for i, r := range rows {
		values[i], labels[i] = r.value, r.label
	}
	s := &splitter{values: values, labels: labels, weights: make([]float64, classes), left: make([]float64, classes), right: make([]float64, classes)}
	for c, n := range counts {
		s.weights[c] = 1 / float64(max(n, 1))
	}
	return s
}

// leaf returns the leaf of rows [lo, hi) with its best split.
func (s *splitter) leaf(lo, hi int) leaf {
	clear(s.left)
	clear(s.right)
	for _, y := range s.labels[lo:hi] {
		s.right[y] += s.weights[y]
	}
	l := leaf{lo: lo, at: lo, hi: hi}
	whole := purity(s.right)
	for i := lo; i < hi-leastLeaf; i++ {
		y := s.labels[i]
		s.left[y] += s.weights[y]
		s.right[y] -= s.weights[y]
		if i+1-lo < leastLeaf || s.values[i] == s.values[i+1] {
			continue
		}
		if gain := purity(s.left) + purity(s.right) - whole; gain > l.gain {
			l.at, l.gain = i+1, gain
		}
	}
	const noise = 1e-9 // what is left of sums that cancel
	if l.gain < noise {
		l.gain = 0
	}
	return l
}

// purity is Σ w_c²/Σ w_c: the total weight less the weighted Gini impurity.
func purity(w []float64) float64 {
	var sum, squares float64
	for _, v := range w {
		sum += v
		squares += float64(v * v)
	}
	if !(sum > 0) {
		return 0
	}
	return squares / sum
}
