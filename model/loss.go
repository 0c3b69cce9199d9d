package model

import (
	"fmt"
	"math"

	"github.com/ballast-ml/ballast/internal/detmath"
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

// losses: ℓ = (max - z_y) + log(1 + Σ exp(z_j - max) over the others). The
// largest logit's own 1 is kept out of the sum, so a small loss has all its
// digits.
func (s softmax) losses(dst, logits []float32, labels []int32) {
	k := s.classes(logits, labels)
	for i, y := range labels {
		z := logits[i*k:][:k]
		top, max := s.largest(z)
		var others float64
		for j := range z {
			if j != top {
				others += detmath.Exp(s.at(z, j) - max)
			}
		}
		dst[i] = float32((max - s.at(z, int(y))) + detmath.Log1p(others))
	}
}

func (s softmax) gradient(dz, logits []float32, labels []int32, w []float32) {
	k := s.classes(logits, labels)
	for i, y := range labels {
		z, d := logits[i*k:][:k], dz[i*k:][:k]
		max, others, total := s.normalizer(z, int(y))
		for j := range z {
			p := detmath.Exp(s.at(z, j)-max) / total
			if j == int(y) {
				p = -others / total // p_y - 1 without the cancellation
			}
			d[j] = settle(float32(float64(w[i]) * p))
		}
	}
}

func (s softmax) tangent(dst, logits, dlogits []float32, labels []int32) {
	k := s.classes(logits, labels)
	for i, y := range labels {
		z, t := logits[i*k:][:k], dlogits[i*k:][:k]
		max, others, total := s.normalizer(z, int(y))
		var slope float64
		for j := range z {
			p := detmath.Exp(s.at(z, j)-max) / total
			if j == int(y) {
				p = -others / total
			}
			slope += float64(p * float64(t[j]))
		}
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

// normalizer returns the largest logit, Σ exp(z_j - max) over all j but y, and
// over all j.
func (s softmax) normalizer(z []float32, y int) (max, others, total float64) {
	_, max = s.largest(z)
	for j := range z {
		if j != y {
			others += detmath.Exp(s.at(z, j) - max)
		}
	}
	return max, others, others + detmath.Exp(s.at(z, y)-max)
}

// finite reports whether x is neither infinite nor NaN.
func finite(x float64) bool { return !math.IsInf(x, 0) && !math.IsNaN(x) }
