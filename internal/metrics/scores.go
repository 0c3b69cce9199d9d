package metrics

import (
	"fmt"
	"math"

	"github.com/ballast-ml/ballast/internal/detmath"
)

// Scores are what a model says about some rows, and what is true of them.
type Scores struct {
	Classes int
	// Logits has Classes numbers for each row, row after row.
	Logits []float32
	// Labels are the true classes, in [0, Classes).
	Labels []int32
}

// Len returns the number of rows.
func (s Scores) Len() int { return len(s.Labels) }

// Row returns the logits of row i.
func (s Scores) Row(i int) []float32 { return s.Logits[i*s.Classes : (i+1)*s.Classes] }

// check panics if the parts do not fit together.
func (s Scores) check() {
	if s.Classes < 1 || len(s.Logits) != len(s.Labels)*s.Classes {
		panic(fmt.Sprintf("metrics: %d logits of %d classes for %d rows", len(s.Logits), s.Classes, len(s.Labels)))
	}
}

// Decide returns the class of the largest logit, moved by shift (one number
// for each class; nil is none), the first of equal ones; -1 if a logit is NaN,
// for a model that has run away decides nothing.
func Decide(logits []float32, shift []float64) int {
	best, top := 0, math.Inf(-1)
	for k, z := range logits {
		v := float64(z)
		if shift != nil {
			v += shift[k]
		}
		if math.IsNaN(v) {
			return -1
		}
		if v > top {
			best, top = k, v
		}
	}
	return best
}

// Softmax sets dst to the probabilities softmax(scale·z + shift). shift has one
// number for each class, or is nil. A NaN among the logits makes all of dst NaN.
func Softmax(dst []float64, logits []float32, scale float64, shift []float64) {
	top := math.Inf(-1)
	for k, z := range logits {
		dst[k] = float64(float64(z) * scale)
		if shift != nil {
			dst[k] += shift[k]
		}
		if dst[k] > top || math.IsNaN(dst[k]) {
			top = dst[k]
		}
	}
	var sum float64
	for k := range dst {
		dst[k] = detmath.Exp(dst[k] - top)
		sum += dst[k]
	}
	for k := range dst {
		dst[k] /= sum
	}
}

// logOdds returns log(p_k/(1-p_k)) of softmax(z): it orders rows as p_k does,
// and goes on where p_k is rounded to 0 or 1. NaN comes last in any order, so it
// is -Inf.
func logOdds(logits []float32, k int) float64 {
	top := math.Inf(-1)
	for j, z := range logits {
		if math.IsNaN(float64(z)) {
			return math.Inf(-1)
		}
		if j != k {
			top = max(top, float64(z))
		}
	}
	if len(logits) == 2 {
		return float64(logits[k]) - top
	}
	var others float64
	for j, z := range logits {
		if j != k {
			others += detmath.Exp(float64(z) - top)
		}
	}
	return (float64(logits[k]) - top) - detmath.Log(others)
}
