package optimizer

import (
	"context"
	"math"

	"github.com/ballast-ml/ballast/internal/detmath"
)

// sized tells whether the size of λ is chosen by the batch in this step.
func (w *ABSGD) sized(at At) bool {
	return w.cfg.Size > 0 && !math.IsInf(w.cfg.Lambda.At(at), 1)
}

// weighSized is Weigh with the λ for which the effective sample size is what
// was asked for. All nodes solve the same equation on the same losses. There is
// no moving average: u is in units of exp(ℓ/λ), and λ is another in each step.
func (w *ABSGD) weighSized(ctx context.Context, at At, local []Shard, r Reducer) (Outcome, error) {
	c := w.classes.at(at)
	w.n.fit(local, c != nil)
	losses, masses, err := w.g.losses(ctx, local, c, r)
	if err != nil {
		return Outcome{}, err
	}
	sign := math.Copysign(1, w.cfg.Lambda.At(at))
	best := math.Inf(-1) // the largest ±ℓ, whose exponential is 1
	for _, l := range losses {
		best = max(best, float64(sign*l))
	}
	for i, l := range losses {
		losses[i] = best - float64(sign*l)
	}
	t := inverseTemperature(losses, masses, w.cfg.Size)
	var sum float64
	for i, d := range losses {
		sum += float64(masses.of(i) * detmath.Exp(-float64(t*d)))
	}
	for len(w.terms) < len(local) {
		w.terms = append(w.terms, nil)
	}
	rows := float64(len(losses))
	f := 1 / float64(w.cfg.Alpha*sum)
	for s := range local {
		w.terms[s] = exponents(w.terms[s], Shard{Losses: local[s].Losses, Labels: local[s].Labels}, 1, c)
		for i, a := range w.terms[s] {
			w.terms[s][i] = float64(local[s].weight(i) * detmath.Exp(-float64(t*(best-float64(sign*a)))))
		}
		spread(local[s], w.terms[s], c)
		factor := f
		if w.cfg.Floor {
			factor = raise(local[s], w.terms[s], c, f, 1/rows)
		}
		w.n.factors[s] = float32(factor)
	}
	w.next = average{}.append(w.next[:0])
	lambda := math.Inf(1)
	if t > 0 {
		lambda = sign / t
	}
	return Outcome{Factors: w.n.factors, LogU: math.Inf(-1), Lambda: lambda, Rows: len(losses), next: w.next}, nil
}

// inverseTemperature returns the t for which the weights e^{-t·d_i} of so many
// copies m_i of each sample, with all d_i >= 0 and the least 0, have an effective
// sample size of size·Σm. It
// falls with t, from all samples to those with d = 0. Where even these are more,
// there is no such t: it returns one at which they have all the weight, and 0 if
// all d are 0.
func inverseTemperature(d []float64, m masses, size float64) float64 {
	least, most := math.Inf(1), 0.0 // above 0
	for _, v := range d {
		most = max(most, v)
		if v > 0 {
			least = min(least, v)
		}
	}
	if most == 0 || size >= 1 {
		return 0
	}
	const nothing = 800 // e^-800 is 0
	end := min(nothing/least, math.MaxFloat64)
	lo, hi := 0.0, 1/most
	for hi < end && effectiveSize(d, m, hi) > size {
		lo, hi = hi, float64(hi*2)
	}
	hi = min(hi, end)
	for range 60 {
		mid := lo + (hi-lo)/2
		if effectiveSize(d, m, mid) > size {
			lo = mid
		} else {
			hi = mid
		}
	}
	return hi
}

// effectiveSize returns (Σw)²/(Σm·Σw²) of the weights w = e^{-t·d}, sums over all
// copies.
func effectiveSize(d []float64, m masses, t float64) float64 {
	var sum, square float64
	for i, v := range d {
		w := detmath.Exp(-float64(t * v))
		sum += float64(m.of(i) * w)
		square += float64(m.of(i) * float64(w*w))
	}
	return float64(sum*sum) / float64(m.total(len(d))*square)
}
