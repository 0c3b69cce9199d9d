package optimizer

import (
	"fmt"
	"slices"
)

// NewCVaR returns the weighter of the conditional value at risk, which is the
// mean of the largest losses: those of a fraction alpha of the global batch, in
// (0, 1], weigh 1/(alpha·B) each (Rockafellar and Uryasev, 2000; as the average
// top-k loss: Fan et al., NeurIPS 2017). Where alpha·B is not whole, or samples
// have the same loss, those at the edge share what is left alike. alpha = 1 is
// plain averaging; alpha <= 1/B the largest loss alone. Averaging is plain before
// the fraction from of the run.
func NewCVaR(alpha, from float64) (*Robust, error) {
	if !(alpha > 0 && alpha <= 1) {
		return nil, fmt.Errorf("optimizer: cvar: alpha is %v, want a fraction of the batch in (0, 1]", alpha)
	}
	return newRobust("cvar", &cvar{alpha: alpha}, from)
}

// cvar gives each loss above the edge the weight above, and those at it the
// weight at.
type cvar struct {
	alpha           float64
	edge, above, at float64
}

func (c *cvar) fit(losses []float64) {
	slices.Sort(losses)
	rows := len(losses)
	mass := float64(c.alpha * float64(rows))
	place := rows - max(1, ceil(mass))
	c.edge = losses[place]
	first, _ := slices.BinarySearch(losses, c.edge)
	behind := rows // the first loss above the edge
	for behind = place; behind < rows && losses[behind] == c.edge; {
		behind++
	}
	higher := float64(rows - behind)
	c.above = 1 / mass
	c.at = (mass - higher) / mass / float64(behind-first)
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

// ceil returns x rounded up, up to the rounding of a product: 0.3 of 10 rows is
// 3, although 0.3*10 > 3 in floating point for some numbers.
func ceil(x float64) int {
	n := int(x)
	if x-float64(n) > 1e-9*x {
		n++
	}
	return n
}
