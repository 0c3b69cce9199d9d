package optimizer

import (
	"cmp"
	"fmt"
	"slices"
)

// NewCVaR returns the weighter of the conditional value at risk, which is the
// mean of the largest losses: those of a fraction alpha of the global batch, in
// (0, 1], weigh 1/(alpha·B) each (Rockafellar and Uryasev, 2000; as the average
// top-k loss: Fan et al., NeurIPS 2017). Where alpha·B is not whole, or samples
// have the same loss, those at the edge share what is left alike. alpha = 1 is
// plain averaging; alpha <= 1/B the largest loss alone. A sample of weight v of
// its own is so many copies, of which there are Σv. Averaging is plain before
// the fraction from of the run.
func NewCVaR(alpha, from float64) (*Robust, error) {
	if !(alpha > 0 && alpha <= 1) {
		return nil, fmt.Errorf("optimizer: cvar: alpha is %v, want a fraction of the batch in (0, 1]", alpha)
	}
	return newRobust("cvar", &cvar{alpha: alpha}, from)
}

// cvar gives each copy of a loss above the edge the weight above, and those at it
// the weight at.
type cvar struct {
	alpha           float64
	edge, above, at float64
	order           []int
}

func (c *cvar) fit(losses []float64, copies masses) {
	c.order = c.order[:0]
	for i := range losses {
		c.order = append(c.order, i)
	}
	slices.SortFunc(c.order, func(i, j int) int { // the largest first
		return cmp.Or(cmp.Compare(losses[j], losses[i]), cmp.Compare(i, j))
	})
	mass := float64(c.alpha * copies.total(len(losses)))
	// 0.3 of 10 rows is 3, although 0.3*10 > 3 in floating point for some numbers.
	enough := mass - float64(1e-9*mass)
	higher, ties := 0.0, 0.0 // copies above the edge, and at it
	for k, i := range c.order {
		if k > 0 && losses[i] != c.edge {
			if higher+ties >= enough {
				break
			}
			higher += ties
			ties = 0
		}
		c.edge = losses[i]
		ties += copies.of(i)
	}
	c.above = 1 / mass
	c.at = (mass - higher) / mass / ties
}

func (c *cvar) weight(loss float64) float64 {
	switch {
	case loss > c.edge:
		return c.above
	case loss == c.edge:
		return c.at
	}
	return 0
}
