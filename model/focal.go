package model

import (
	"fmt"

	"github.com/ballast-ml/ballast/internal/detmath"
)

// Focal is (1-p_y)^γ·CE, which takes weight off the samples that are right
// already (Lin et al., "Focal loss for dense object detection", ICCV 2017,
// equation 4, without α). γ = 0 is [CrossEntropy], bit for bit. The factor is
// differentiated too.
type Focal struct{ shaped }

var _ Loss = Focal{}

// NewFocal returns the loss with the given γ, in [0, 50].
func NewFocal(gamma float64) (Focal, error) {
	if !(gamma >= 0 && gamma <= 50) {
		return Focal{}, fmt.Errorf("model: focal loss: gamma is %v, want a number in [0, 50]", gamma)
	}
	return Focal{shaped{f: focal{gamma}}}, nil
}

type focal struct{ gamma float64 }

func (f focal) at(c float64, _ int) (value, slope float64) {
	p, rest := probability(c)
	factor := detmath.Pow(rest, f.gamma)
	steep := 1.0 // c/(1-p), which has the limit 1
	if rest > 0 {
		steep = c / rest
	}
	return float64(factor * c), float64(factor * (1 + float64(float64(f.gamma*p)*steep)))
}
