package model

import (
	"github.com/ballast-ml/ballast/internal/detmath"
	"github.com/ballast-ml/ballast/internal/kernel"
)

// softmaxRows are a few rows at a time with their exponentials, one row behind
// the other: a vector kernel wants more numbers at once than a row of few
// classes has. The results have the bits of softmax's row by row.
type softmaxRows struct {
	e   [piece]float64 // exp(z_j - max)
	max [piece]float64 // of each row
}

// take computes the exponentials of the n rows of k logits at z.
func (r *softmaxRows) take(s softmax, z []float32, n, k int) {
	for i := range n {
		row := r.row(i, k)
		for j := range row {
			row[j] = s.at(z[i*k:], j)
		}
		top := row[0]
		for _, v := range row[1:] {
			top = max(top, v) // NaN if there is one
		}
		for j := range row {
			row[j] -= top
		}
		r.max[i] = top
	}
	kernel.Exp(r.e[:n*k], r.e[:n*k])
}

func (r *softmaxRows) row(i, k int) []float64 { return r.e[i*k:][:k] }

// lossesByRows is losses for rows that fit into softmaxRows.
func (s softmax) lossesByRows(dst, logits []float32, labels []int32, k int) {
	var r softmaxRows
	for most := piece / k; len(labels) > 0; {
		n := min(most, len(labels))
		r.take(s, logits, n, k)
		for i, y := range labels[:n] {
			e, z := r.row(i, k), logits[i*k:][:k]
			for j := range e {
				if s.at(z, j) == r.max[i] {
					e[j] = 0 // its 1 is kept out of the sum
					break
				}
			}
			dst[i] = float32((r.max[i] - s.at(z, int(y))) + detmath.Log1p(sum(e)))
		}
		dst, logits, labels = dst[n:], logits[n*k:], labels[n:]
	}
}

// gradientByRows is gradient for rows that fit into softmaxRows.
func (s softmax) gradientByRows(dz, logits []float32, labels []int32, w []float32, k int) {
	var r softmaxRows
	for most := piece / k; len(labels) > 0; {
		n := min(most, len(labels))
		r.take(s, logits, n, k)
		for i, y := range labels[:n] {
			e, d, weight := r.row(i, k), dz[i*k:][:k], float64(w[i])
			own := e[y]
			e[y] = 0
			others := sum(e)
			total := others + own
			e[y] = -others // p_y - 1 without the cancellation
			for j, v := range e {
				d[j] = settle(float32(weight * (v / total)))
			}
		}
		dz, logits, labels, w = dz[n*k:], logits[n*k:], labels[n:], w[n:]
	}
}

// sum adds up x in order.
func sum(x []float64) (s float64) {
	for _, v := range x {
		s += v
	}
	return s
}
