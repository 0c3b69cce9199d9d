package dataset

import (
	"fmt"
	"math"
	"slices"

	"github.com/ballast-ml/ballast/internal/detmath"
)

// testFraction is the part of a table that becomes its test rows if no test
// file is given.
const testFraction = 0.2

// split divides rows into those kept and those cut: of the n rows of a class,
// floor(fraction*n + 0.5), but at least 1 and at most n-1 (0 of a class of one
// row), those lowest in the hash. labels is indexed by row number. Both parts
// come back in ascending order.
func split(rows, labels []int32, classes int, fraction float64, seed, stream uint64) (kept, cut []int32) {
	var keep, take [][]int32
	for _, of := range byClass(rows, labels, classes) {
		hashSort(of, seed, stream)
		n := int(math.Floor(float64(fraction*float64(len(of))) + 0.5))
		n = max(min(n, len(of)-1), min(1, len(of)-1), 0)
		take = append(take, of[:n])
		keep = append(keep, of[n:])
	}
	return gather(keep...), gather(take...)
}

// longTail thins the training rows: the class at place p of order keeps its
// floor(n*ratio^(-p/(C-1)) + 1e-9) rows lowest in the hash, n the size of the
// smallest class. order lists the classes from the head of the tail to its
// end.
func longTail(rows, labels []int32, order []int32, ratio float64, seed uint64) ([]int32, error) {
	parts := byClass(rows, labels, len(order))
	smallest := len(rows)
	for _, of := range parts {
		smallest = min(smallest, len(of))
	}
	var keep [][]int32
	for p, c := range order {
		of := parts[c]
		n := tailCount(smallest, ratio, p, len(order))
		if n == 0 {
			return nil, fmt.Errorf("long tail %g: class %d would keep 0 of its %d rows; expected a ratio of at most %d, the size of the smallest class",
				ratio, c, len(of), smallest)
		}
		hashSort(of, seed, streamTail)
		keep = append(keep, of[:n])
	}
	return gather(keep...), nil
}

// tailCount is the number of rows at place p of classes. The 1e-9 stands
// against a power that comes out as 499.9999999999999.
func tailCount(n int, ratio float64, p, classes int) int {
	e := -float64(p) / float64(classes-1)
	return int(math.Floor(float64(float64(n)*detmath.Pow(ratio, e)) + 1e-9))
}

// flip applies symmetric label noise to rows, in place: row i is flipped with
// the given probability to one of the other classes, each equally likely. It
// returns how many it flipped.
func flip(rows, labels []int32, classes int, rate float64, seed uint64) int {
	flipped := 0
	for _, r := range rows {
		if float64(mix(seed, uint64(r), streamFlip)>>11)*0x1p-53 >= rate {
			continue
		}
		by := 1 + mix(seed, uint64(r), streamWhich)%uint64(classes-1)
		labels[r] = int32((uint64(labels[r]) + by) % uint64(classes))
		flipped++
	}
	return flipped
}

// ascending returns 0, 1, ... n-1 plus first.
func ascending(first, n int) []int32 {
	rows := make([]int32, n)
	for i := range rows {
		rows[i] = int32(first + i)
	}
	return rows
}

// byClass returns the rows of each class, in the order given. labels is
// indexed by row number.
func byClass(rows, labels []int32, classes int) [][]int32 {
	out := make([][]int32, classes)
	for _, r := range rows {
		out[labels[r]] = append(out[labels[r]], r)
	}
	return out
}

// gather joins parts of rows and puts them in ascending order.
func gather(parts ...[]int32) []int32 {
	rows := slices.Concat(parts...)
	slices.Sort(rows)
	return rows
}
