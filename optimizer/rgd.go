package optimizer

import (
	"context"
	"errors"
	"fmt"

	"github.com/ballast-ml/ballast/internal/detmath"
)

// RGDConfig says how RGD weighs.
type RGDConfig struct {
	// Divergence is kl (or empty), chi2 or reverse-kl.
	Divergence string
	// Tau is where losses are clipped, > 0, before they weigh.
	Tau float64
	// Normalised divides the weights by their sum over the global batch;
	// otherwise by its size, as published: then they sum to more than 1.
	Normalised bool
	// From is the fraction of the run from which they count.
	From float64
}

// RGD is re-weighted gradient descent (Kumar et al., TMLR 2024, arXiv
// 2306.09222): with x_i = min(ℓ_i, τ)/(τ+1), which is below 1,
//
//	kl          w_i ∝ e^{x_i}
//	chi2        w_i ∝ 1+x_i
//	reverse-kl  w_i ∝ 1/(1-x_i)
//
// which are the worst cases of robust optimisation with a penalty on the
// divergence, and v_i times that with weights v_i of the samples' own. All weigh a sample without loss 1, agree to first order in x, and
// bound the weight of an outlier. It has no state.
type RGD struct {
	cfg RGDConfig
	n   normaliser
}

var _ Eager = (*RGD)(nil)

// NewRGD returns the weighter, or an error that lists all that is wrong with
// cfg.
func NewRGD(cfg RGDConfig) (*RGD, error) {
	var errs []error
	switch cfg.Divergence {
	case "", "kl", "chi2", "reverse-kl":
	default:
		errs = append(errs, fmt.Errorf("optimizer: rgd: divergence %q, want kl, chi2 or reverse-kl", cfg.Divergence))
	}
	if !(cfg.Tau > 0 && cfg.Tau <= 1e6) {
		errs = append(errs, fmt.Errorf("optimizer: rgd: tau is %v, want a loss in (0, 1e6]", cfg.Tau))
	}
	if !(cfg.From >= 0 && cfg.From <= 1) {
		errs = append(errs, fmt.Errorf("optimizer: rgd starts at %v, want a fraction of the run in [0, 1]", cfg.From))
	}
	return &RGD{cfg: cfg}, errors.Join(errs...)
}

// Weigh sets q to the weights above, and every factor to one over their number
// or their sum.
func (w *RGD) Weigh(ctx context.Context, at At, local []Shard, r Reducer) (Outcome, error) {
	return weigh(ctx, w, at, local, r)
}

// Prepare is the first half of Weigh.
func (w *RGD) Prepare(at At, local []Shard) ([][3]float64, bool) { return w.prepare(at, local), true }

func (w *RGD) prepare(at At, local []Shard) [][3]float64 {
	w.n.fit(local, false)
	for s := range local {
		sum := 0.0
		for i, l := range local[s].Losses {
			q := 1.0
			if at.Reached(w.cfg.From) {
				q = w.cfg.weight(float64(l))
			}
			q = float64(q * local[s].weight(i))
			local[s].Q[i] = float32(q)
			sum += q
		}
		if !w.cfg.Normalised {
			sum = float64(len(local[s].Losses))
		}
		w.n.triples[s] = sumOf(sum, len(local[s].Losses))
	}
	return w.n.poisoned(local)
}

// weight returns that of one sample, before the normaliser.
func (c RGDConfig) weight(loss float64) float64 {
	x := min(loss, c.Tau) / (c.Tau + 1)
	switch c.Divergence {
	case "chi2":
		return 1 + x
	case "reverse-kl":
		return 1 / (1 - x)
	}
	return detmath.Exp(x)
}

// Settle is the second half of Weigh.
func (w *RGD) Settle(ctx context.Context, _ At, local []Shard, total [3]float64, r Reducer) (Outcome, error) {
	if err := finite(ctx, local, total, r); err != nil {
		return Outcome{}, err
	}
	fill(w.n.factors, float32(1/total[1]))
	return plain(w.n.factors, total), nil
}

// Commit does nothing.
func (w *RGD) Commit(Outcome) {}

// State returns nil.
func (w *RGD) State() []float64 { return nil }

// Restore accepts an empty state only.
func (w *RGD) Restore(state []float64) error { return refuseState("rgd", state) }
