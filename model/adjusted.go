package model

import (
	"errors"
	"fmt"
	"math"

	"github.com/ballast-ml/ballast/internal/detmath"
)

// LogitAdjusted is cross entropy on z + τ·log π, with π the class frequencies
// of the training set: it asks rare classes for a larger margin, and the bare
// logits then predict for balanced classes (Menon et al., "Long-tail learning
// via logit adjustment", ICLR 2021). τ = 1 is the consistent choice, τ = 0 is
// [CrossEntropy], and so are equal counts, bit for bit.
type LogitAdjusted struct{ s softmax }

var _ Loss = (*LogitAdjusted)(nil)

// NewLogitAdjusted returns the loss of strength tau for classes with the given
// numbers of training samples, or sums of their weights: only ratios count. A
// class without samples is an error: log 0 would rule it out for ever.
func NewLogitAdjusted(tau float64, counts []float64) (*LogitAdjusted, error) {
	if !finite(tau) {
		return nil, fmt.Errorf("model: logit adjustment: tau is %v, want a finite number", tau)
	}
	if len(counts) == 0 {
		return nil, errors.New("model: logit adjustment: no class counts")
	}
	offset := make([]float64, len(counts))
	top := math.Inf(-1)
	for k, n := range counts {
		if !(n > 0) || math.IsInf(n, 1) {
			return nil, fmt.Errorf("model: logit adjustment: class %d has %v training samples, want a number above 0", k, n)
		}
		offset[k] = detmath.Log(n)
		top = max(top, offset[k])
	}
	// Softmax does not see a common shift, so neither the total nor the
	// largest count matters: taking the latter out makes equal counts exact.
	for k := range offset {
		offset[k] = float64(tau * (offset[k] - top))
	}
	return &LogitAdjusted{softmax{offset}}, nil
}

// Losses sets dst[i] to the cross entropy of the moved logits of row i.
func (l *LogitAdjusted) Losses(dst, logits []float32, labels []int32) {
	l.s.losses(dst, logits, labels)
}

// Gradient sets row i of dz to w[i]·∂ℓ_i/∂logits_i.
func (l *LogitAdjusted) Gradient(dz, logits []float32, labels []int32, w []float32) {
	l.s.gradient(dz, logits, labels, w)
}

// Tangent sets dst[i] = ⟨∂ℓ_i/∂logits_i, dlogits_i⟩.
func (l *LogitAdjusted) Tangent(dst, logits, dlogits []float32, labels []int32) {
	l.s.tangent(dst, logits, dlogits, labels)
}
