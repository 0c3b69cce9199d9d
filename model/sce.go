package model

import (
	"fmt"

	"github.com/ballast-ml/ballast/internal/detmath"
)

// SymmetricCE is symmetric cross entropy, a·CE + b·RCE, where the reverse cross
// entropy RCE = -Σ_k p_k log 1[k=y] is -A·(1-p_y) with A = log floor in the place
// of log 0 (Wang et al., "Symmetric cross entropy for robust learning with noisy
// labels", ICCV 2019, equation 8). The reverse part is bounded, so that a wrong
// label cannot pull for ever.
type SymmetricCE struct{ shaped }

var _ Loss = SymmetricCE{}

// NewSymmetricCE returns the loss with the parts a and b, >= 0 and not both 0.
// floor, in (0, 1), stands for the probability 0; the authors take 1e-4.
func NewSymmetricCE(a, b, floor float64) (SymmetricCE, error) {
	if !(a >= 0 && b >= 0 && a+b > 0) || !finite(a+b) {
		return SymmetricCE{}, fmt.Errorf("model: symmetric cross entropy: parts %v and %v, want numbers >= 0 that are not both 0", a, b)
	}
	if !(floor > 0 && floor < 1) {
		return SymmetricCE{}, fmt.Errorf("model: symmetric cross entropy: floor is %v, want a probability in (0, 1)", floor)
	}
	return SymmetricCE{shaped{f: sce{a, -float64(b * detmath.Log(floor))}}}, nil
}

type sce struct{ a, b float64 }

func (f sce) at(c float64, _ int) (value, slope float64) {
	p, rest := probability(c)
	return float64(f.a*c) + float64(f.b*rest), f.a + float64(f.b*p)
}
