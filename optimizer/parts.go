package optimizer

import (
	"fmt"
	"math"

	"github.com/ballast-ml/ballast/internal/kernel"
)

// Part is a run of parameters with a learning rate of its own.
type Part struct {
	From, To int     // parameters [From, To)
	Factor   float64 // of the learning rate; 0 keeps the parameters as they are
}

// ScaleParts multiplies the updates of some parameters: u ← factor·u. Behind
// decay and in front of the learning rate it is a learning rate of their own.
func ScaleParts(parts []Part) Transform { return scaleParts{parts: parts} }

type scaleParts struct {
	stateless
	parts []Part
}

// Update leaves a +0 where the factor is 0, whatever the sign of u.
func (s scaleParts) Update(u, _ []float32, _ State, _ At) {
	for _, p := range s.parts {
		if p.Factor == 0 {
			clear(u[p.From:p.To])
		} else {
			kernel.ScaleTo(u[p.From:p.To], float32(p.Factor), u[p.From:p.To])
		}
	}
}

// checkParts reports parts that are not runs of n parameters with a factor.
func checkParts(parts []Part, n int) error {
	for _, p := range parts {
		if p.From < 0 || p.To < p.From || p.To > n {
			return fmt.Errorf("optimizer: a part [%d, %d) of %d parameters", p.From, p.To, n)
		}
		if !(p.Factor >= 0) || math.IsInf(float64(float32(p.Factor)), 0) {
			return fmt.Errorf("optimizer: factor %v of a learning rate, want a number >= 0", p.Factor)
		}
	}
	return nil
}
