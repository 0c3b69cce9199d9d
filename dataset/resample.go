package dataset

import (
	"fmt"

	"github.com/ballast-ml/ballast/internal/rng"
)

// Resample draws the rows of later epochs with replacement: first a class, by
// given shares, then one of its rows, each alike. An epoch has as many draws as
// there are rows.
type Resample struct {
	from int
	upTo []float64 // by class: the shares up to its own, 1 for the last
	rows [][]int32 // by class
}

// NewResample returns the sampling of set's rows from an epoch on, counted from
// 0. shares has one number for each class, >= 0, 0 for a class without rows; only
// their ratios count.
func NewResample(set *Set, shares []float64, from int) (*Resample, error) {
	r := &Resample{from: from, rows: make([][]int32, len(shares))}
	for i := range set.Len() {
		y := set.Label(i)
		r.rows[y] = append(r.rows[y], int32(i))
	}
	var sum float64
	for k, share := range shares {
		if !(share >= 0) || share-share != 0 || (share > 0 && len(r.rows[k]) == 0) {
			return nil, fmt.Errorf("sampling: class %d with %d rows has a share of %v; expected a number of at least 0, and 0 where there are no rows", k, len(r.rows[k]), share)
		}
		sum += share
		r.upTo = append(r.upTo, sum)
	}
	if !(sum > 0) || sum-sum != 0 {
		return nil, fmt.Errorf("sampling: the shares of the classes sum to %v; expected a positive number", sum)
	}
	for k := range r.upTo {
		r.upTo[k] /= sum
	}
	return r, nil
}

// order writes the draws of an epoch to dst.
func (r *Resample) order(dst []int32, seed uint64, epoch int) {
	draws := rng.New(seed, rng.Shuffle, uint64(epoch), 1)
	for i := range dst {
		u, k := draws.Float64(uint64(2*i)), 0
		for u >= r.upTo[k] && k < len(r.upTo)-1 {
			k++
		}
		for len(r.rows[k]) == 0 { // rounding has led behind the last share
			k--
		}
		dst[i] = r.rows[k][draws.IntN(uint64(2*i+1), len(r.rows[k]))]
	}
}
