package optimizer

import "fmt"

// NewChiSquareDRO returns the weighter of robust optimisation over a χ² ball
// (Levy et al., "Large-scale methods for distributionally robust optimization",
// NeurIPS 2020): the largest weighted loss under
//
//	½·(B·Σ w_i² - 1) <= ρ
//
// which says that the effective sample size is at least B/(1+2ρ). Its weights
// are w_i ∝ max(0, ℓ_i-η), with the η that meets the bound. ρ = 0 is plain
// averaging. Averaging is plain before the fraction from of the run.
func NewChiSquareDRO(rho, from float64) (*Robust, error) {
	if !(rho >= 0 && rho <= 1e6) {
		return nil, fmt.Errorf("optimizer: chi2: rho is %v, want a radius in [0, 1e6]", rho)
	}
	return newRobust("chi2", &chiSquare{size: 1 / (1 + 2*rho)}, from)
}

// chiSquare weighs max(0, ℓ-η)·scale; or only the largest loss, or all alike.
type chiSquare struct {
	size            float64 // the least effective sample size over B
	eta, scale      float64
	most            float64
	atMost, uniform float64 // > 0: the weight of the largest loss, or of all
}

func (c *chiSquare) fit(losses []float64, copies masses) {
	low, high, ties := extremes(losses, copies)
	rows := copies.total(len(losses))
	c.most, c.atMost, c.uniform = high, 0, 0
	switch {
	case low == high || c.size == 1:
		c.uniform = 1 / rows
		return
	case ties >= float64(c.size*rows):
		c.atMost = 1 / ties // no weights on more than those have a larger loss
		return
	}
	lo, hi := low-(high-low), high
	for range 60 { // then the weights are equal up to rounding
		if c.effective(losses, copies, lo) >= c.size {
			break
		}
		lo -= high - lo
	}
	for range 200 {
		mid := lo + (hi-lo)/2
		if mid <= lo || mid >= hi {
			break
		}
		if c.effective(losses, copies, mid) < c.size {
			hi = mid
		} else {
			lo = mid
		}
	}
	var sum float64
	for i, l := range losses {
		sum += float64(copies.of(i) * max(0, l-lo))
	}
	c.eta, c.scale = lo, 1/sum
}

// effective returns (Σw)²/(B·Σw²) of the weights max(0, ℓ-η), sums over all
// copies, of which there are B.
func (c *chiSquare) effective(losses []float64, copies masses, eta float64) float64 {
	var sum, square float64
	for i, l := range losses {
		w := max(0, l-eta)
		sum += float64(copies.of(i) * w)
		square += float64(copies.of(i) * float64(w*w))
	}
	return sum / square * sum / copies.total(len(losses))
}

func (c *chiSquare) weight(loss float64) float64 {
	switch {
	case c.uniform > 0:
		return c.uniform
	case c.atMost > 0 && loss == c.most:
		return c.atMost
	case c.atMost > 0:
		return 0
	}
	return float64(max(0, loss-c.eta) * c.scale)
}

// extremes returns the smallest and the largest of losses, and how many copies are
// the largest.
func extremes(losses []float64, copies masses) (low, high, ties float64) {
	low, high = losses[0], losses[0]
	for i, l := range losses {
		low = min(low, l)
		switch {
		case l > high:
			high, ties = l, copies.of(i)
		case l == high:
			ties += copies.of(i)
		}
	}
	return low, high, ties
}
