package model

import (
	"errors"
	"fmt"

	"github.com/ballast-ml/ballast/internal/detmath"
)

// LDAM is the label-distribution-aware margin loss (Cao et al., "Learning
// imbalanced datasets with label-distribution-aware margin loss", NeurIPS 2019,
// equation 13): cross entropy with s·Δ_y taken off the logit of the label, where
//
//	Δ_j = max·n_j^{-1/4} / max_k n_k^{-1/4}
//
// so that the rarest class is asked for the largest margin. The logits are
// s·cos: those of a network with a [Config.Cosine] head of the same s. Equal
// counts give equal margins, and a margin of 0 is [CrossEntropy].
type LDAM struct {
	shaped
	margins []float64
}

var _ Loss = LDAM{}

// NewLDAM returns the loss with the largest margin max (the authors: 0.5) and the
// scale s of the logits (30), for classes with the given numbers of training
// samples, each at least 1.
func NewLDAM(max, scale float64, counts []int) (LDAM, error) {
	if len(counts) == 0 {
		return LDAM{}, errors.New("model: ldam: no class counts")
	}
	if !(max >= 0 && scale > 0 && max*scale <= 100) {
		return LDAM{}, fmt.Errorf("model: ldam: margin %v at scale %v, want a margin >= 0, a scale > 0 and a product of at most 100", max, scale)
	}
	least := counts[0]
	for k, n := range counts {
		if n < 1 {
			return LDAM{}, fmt.Errorf("model: ldam: class %d has %d training samples, want at least 1", k, n)
		}
		least = min(least, n)
	}
	l := LDAM{margins: make([]float64, len(counts))}
	scaled := make(margins, len(counts))
	for k, n := range counts {
		l.margins[k] = float64(max * detmath.Pow(float64(least)/float64(n), 0.25))
		scaled[k] = float64(scale * l.margins[k])
	}
	l.shaped = shaped{softmax{offset: make([]float64, len(counts))}, scaled}
	return l, nil
}

// Margins returns Δ by class, not scaled.
func (l LDAM) Margins() []float64 { return append([]float64(nil), l.margins...) }

// margins has m_y = s·Δ_y. Taking m off the label's logit multiplies the odds
// against it by e^m: f(c) = log(1 + e^m·(e^c-1)).
type margins []float64

func (m margins) at(c float64, y int) (value, slope float64) {
	slope = 1 / (1 + float64(detmath.Exp(-c)*detmath.Expm1(-m[y])))
	if c < 1 {
		return detmath.Log1p(float64(detmath.Exp(m[y]) * detmath.Expm1(c))), slope
	}
	return (m[y] + c) - detmath.Log(slope), slope
}
