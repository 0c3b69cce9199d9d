package model

import (
	"fmt"
	"math"

	"github.com/ballast-ml/ballast/internal/detmath"
)

// GeneralizedCE is generalised cross entropy, (1-p_y^q)/q (Zhang and Sabuncu,
// "Generalized cross entropy loss for training deep neural networks with noisy
// labels", NeurIPS 2018, equation 6). Its gradient is that of cross entropy times
// p_y^q, so that labels the network does not believe weigh little. q = 0 is
// [CrossEntropy], q = 1 is 1-p_y: half the mean absolute error.
//
// Truncated (equation 8), the loss is constant, without gradient, where
// p_y <= k.
type GeneralizedCE struct{ shaped }

var _ Loss = GeneralizedCE{}

// NewGeneralizedCE returns the loss of exponent q, in [0, 1], truncated at the
// probability k, in [0, 1); 0 truncates nothing.
func NewGeneralizedCE(q, k float64) (GeneralizedCE, error) {
	if !(q >= 0 && q <= 1) {
		return GeneralizedCE{}, fmt.Errorf("model: generalised cross entropy: q is %v, want a number in [0, 1]", q)
	}
	if !(k >= 0 && k < 1) {
		return GeneralizedCE{}, fmt.Errorf("model: generalised cross entropy: k is %v, want a probability in [0, 1)", k)
	}
	f := gce{q: q, end: math.Inf(1)}
	if k > 0 {
		f.end = -detmath.Log(k)
	}
	return GeneralizedCE{shaped{f: f}}, nil
}

type gce struct {
	q   float64
	end float64 // the cross entropy from which on the loss is constant
}

func (f gce) at(c float64, _ int) (value, slope float64) {
	if f.q == 0 {
		value, slope = min(c, f.end), 1
	} else {
		value, slope = -detmath.Expm1(-float64(f.q*min(c, f.end)))/f.q, detmath.Exp(-float64(f.q*c))
	}
	if c >= f.end {
		slope = 0
	}
	return value, slope
}
