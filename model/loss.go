package model

import (
	"fmt"
	"math"

	"github.com/ballast-ml/ballast/internal/detmath"
	"github.com/ballast-ml/ballast/internal/kernel"
)

// Loss is a base loss: a function of one sample's logits and label, with its
// derivatives. Rows of logits lie one after the other; their number is
// len(labels), the number of classes len(logits)/len(labels). A Loss is used
// by several goroutines at once and must not change.
type Loss interface {
	// Losses sets dst[i] = ℓ_i, the loss of row i.
	Losses(dst, logits []float32, labels []int32)
	// Gradient sets row i of dz to w[i]·∂ℓ_i/∂z_i.
	Gradient(dz, logits []float32, labels []int32, w []float32)
	// Tangent sets dst[i] = ⟨∂ℓ_i/∂z_i, dlogits_i⟩.
	Tangent(dst, logits, dlogits []float32, labels []int32)
}

// CrossEntropy is ℓ = -log softmax(z)_y. It is computed in float64 from
// float32 logits and rounded once, so that logits of any size give a finite
// loss; a NaN or an infinite logit gives a loss that is not finite.
type CrossEntropy struct{}

var _ Loss = CrossEntropy{}

// Losses sets dst[i] = -log softmax(logits_i)[labels[i]].
func (CrossEntropy) Losses(dst, logits []float32, labels []int32) {
	softmax{}.losses(dst, logits, labels)
}

// Gradient sets row i of dz to w[i]·(softmax(logits_i) - onehot(labels[i])).
func (CrossEntropy) Gradient(dz, logits []float32, labels []int32, w []float32) {
	softmax{}.gradient(dz, logits, labels, w)
}

// Tangent sets dst[i] = Σ_k (softmax(logits_i)_k - onehot(labels[i])_k)·dlogits_ik.
func (CrossEntropy) Tangent(dst, logits, dlogits []float32, labels []int32) {
	softmax{}.tangent(dst, logits, dlogits, labels)
}

// softmax is cross entropy on logits with a fixed vector added: z + offset. A
// nil offset is zero.
type softmax struct{ offset []float64 }

// classes returns the number of classes and checks the shapes.
func (s softmax) classes(logits []float32, labels []int32) int {
	if len(labels) == 0 {
		return 0
	}
	k := len(logits) / len(labels)
	if k < 1 || k*len(labels) != len(logits) || (s.offset != nil && k != len(s.offset)) {
		panic(fmt.Sprintf("model: %d logits for %d labels (loss of %d classes)", len(logits), len(labels), len(s.offset)))
	}
	for i, y := range labels {
		if y < 0 || int(y) >= k {
			panic(fmt.Sprintf("model: label %d in row %d, want 0 to %d", y, i, k-1))
		}
	}
	return k
}

// at returns logit j of row z, moved.
func (s softmax) at(z []float32, j int) float64 {
	if s.offset == nil {
		return float64(z[j])
	}
	return float64(z[j]) + s.offset[j]
}

// largest returns the first of the largest logits, or the last NaN.
func (s softmax) largest(z []float32) (top int, max float64) {
	max = s.at(z, 0)
	for j := 1; j < len(z); j++ {
		if v := s.at(z, j); v > max || v != v {
			top, max = j, v
		}
	}
	return top, max
}

func (s softmax) losses(dst, logits []float32, labels []int32) {
	k := s.classes(logits, labels)
	if k <= piece {
		s.lossesByRows(dst, logits, labels, k)
		return
	}
	for i, y := range labels {
		dst[i] = float32(s.entropy(logits[i*k:][:k], int(y)))
	}
}

// entropy: ℓ = (max - z_y) + log(1 + Σ exp(z_j - max) over the others). The
// largest logit's own 1 is kept out of the sum, so a small loss has all its
// digits.
func (s softmax) entropy(z []float32, y int) float64 {
	var room [piece]float64
	top, max := s.largest(z)
	_, others := s.sums(z, max, top, room[:])
	return (max - s.at(z, y)) + detmath.Log1p(others)
}

func (s softmax) gradient(dz, logits []float32, labels []int32, w []float32) {
	k := s.classes(logits, labels)
	if k <= piece {
		s.gradientByRows(dz, logits, labels, w, k)
		return
	}
	for i, y := range labels {
		d := dz[i*k:][:k]
		s.derivative(logits[i*k:][:k], int(y), func(j int, p float64) {
			d[j] = settle(float32(float64(w[i]) * p))
		})
	}
}

func (s softmax) tangent(dst, logits, dlogits []float32, labels []int32) {
	k := s.classes(logits, labels)
	for i, y := range labels {
		t := dlogits[i*k:][:k]
		var slope float64
		s.derivative(logits[i*k:][:k], int(y), func(j int, p float64) {
			slope += float64(p * float64(t[j]))
		})
		dst[i] = float32(slope)
	}
}

// settle returns 0 for a gradient so small that no parameter can feel it. That
// of a sample that is learnt for good would be subnormal some layers further
// back, where each operation takes a hundred times as long.
func settle(d float32) float32 {
	const least = 0x1p-70
	if -least < d && d < least {
		return 0
	}
	return d // NaN too
}

// piece is how many classes have their exponentials at hand at a time.
const piece = 128

// derivative calls f with ∂ℓ/∂z_j for each class j of a row with label y.
func (s softmax) derivative(z []float32, y int, f func(j int, p float64)) {
	var room [piece]float64
	_, max := s.largest(z)
	own, others := s.sums(z, max, y, room[:])
	total := others + own
	for from := 0; from < len(z); from += piece {
		e := room[:min(piece, len(z)-from)]
		if len(z) > piece { // else they are there
			s.exps(e, z, from, max)
		}
		for i, v := range e {
			if j := from + i; j == y {
				f(j, -others/total) // p_y - 1 without the cancellation
			} else {
				f(j, v/total)
			}
		}
	}
}

// sums returns exp(z_y - max) and the sum of exp(z_j - max) over the others, in
// order. The last piece of them is left in room.
func (s softmax) sums(z []float32, max float64, y int, room []float64) (own, others float64) {
	for from := 0; from < len(z); from += piece {
		e := room[:min(piece, len(z)-from)]
		s.exps(e, z, from, max)
		for i, v := range e {
			if from+i == y {
				own = v
			} else {
				others += v
			}
		}
	}
	return own, others
}

// exps sets e to exp(z_j - max) for the classes j from from on.
func (s softmax) exps(e []float64, z []float32, from int, max float64) {
	for i := range e {
		e[i] = s.at(z, from+i) - max
	}
	kernel.Exp(e, e)
}

// finite reports whether x is neither infinite nor NaN.
func finite(x float64) bool { return !math.IsInf(x, 0) && !math.IsNaN(x) }
