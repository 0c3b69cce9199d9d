package optimizer

import (
	"context"
	"errors"
	"fmt"

	"github.com/ballast-ml/ballast/internal/detmath"
)

// ClassWeights returns the class-balanced weights of Cui et al. (Class-Balanced
// Loss Based on Effective Number of Samples, CVPR 2019):
//
//	E_j = (1-β^{n_j})/(1-β),  c_j = K·(1/E_j) / Σ_k (1/E_k)
//
// so that Σ c_j = K. counts has n_j, the samples of each class in the whole
// training set; beta is in [0, 1): 0 gives all ones, near 1 the inverse
// frequencies. It is an error if a class has no sample.
func ClassWeights(counts []int, beta float64) ([]float64, error) {
	if !(beta >= 0 && beta < 1) {
		return nil, fmt.Errorf("optimizer: class-balanced beta is %v, want a number in [0, 1)", beta)
	}
	if len(counts) == 0 {
		return nil, errors.New("optimizer: class-balanced weights of no classes")
	}
	c := make([]float64, len(counts))
	var sum float64
	logBeta := detmath.Log(beta) // -Inf for 0, where every power vanishes
	for j, n := range counts {
		if n <= 0 {
			return nil, fmt.Errorf("optimizer: class %d has %d training samples, so it has no class-balanced weight: want at least 1", j, n)
		}
		// The common 1/(1-β) cancels.
		c[j] = -1 / detmath.Expm1(float64(float64(n)*logBeta))
		sum += c[j]
	}
	for j := range c {
		c[j] = float64(c[j] * (float64(len(counts)) / sum))
	}
	return c, nil
}

// classes is a table of class weights that starts to count at a fraction of the
// run. The zero value never counts.
type classes struct {
	weights []float64
	from    float64
}

func newClasses(weights []float64, from float64) (classes, error) {
	if !(from >= 0 && from <= 1) {
		return classes{}, fmt.Errorf("optimizer: class weights start at %v, want a fraction of the run in [0, 1]", from)
	}
	for j, c := range weights {
		if !(c > 0) || c-c != 0 {
			return classes{}, fmt.Errorf("optimizer: the weight of class %d is %v, want a positive number", j, c)
		}
	}
	return classes{weights, from}, nil
}

// at returns the weights in force, or nil for none.
func (c classes) at(at At) []float64 {
	if c.weights == nil || !at.Reached(c.from) {
		return nil
	}
	return c.weights
}

// ClassBalanced weighs each sample by its class, normalised over the global
// batch: w_i = c_{y_i}·v_i / Σ_k c_{y_k}·v_k, v_i the sample's own weight. Before a given fraction of the run it is
// ERM: deferred re-weighting, DRW (Cao et al., NeurIPS 2019). It has no state.
type ClassBalanced struct {
	classes classes
	n       normaliser
}

var _ Eager = (*ClassBalanced)(nil)

// NewClassBalanced returns a weighter with the given positive weights, one for
// each class (see ClassWeights), in force from a fraction of the run in [0, 1].
func NewClassBalanced(weights []float64, from float64) (*ClassBalanced, error) {
	if len(weights) == 0 {
		return nil, errors.New("optimizer: class-balanced weights of no classes")
	}
	c, err := newClasses(weights, from)
	return &ClassBalanced{classes: c}, err
}

// Weigh sets every q to c_y·v and every factor to 1/Σ c_y·v. A label without a class
// weight panics.
func (w *ClassBalanced) Weigh(ctx context.Context, at At, local []Shard, r Reducer) (Outcome, error) {
	return weigh(ctx, w, at, local, r)
}

// Prepare is the first half of Weigh.
func (w *ClassBalanced) Prepare(at At, local []Shard) ([][3]float64, bool) {
	return w.prepare(at, local), true
}

func (w *ClassBalanced) prepare(at At, local []Shard) [][3]float64 {
	w.n.fit(local, true)
	c := w.classes.at(at)
	for s := range local {
		sum := float64(len(local[s].Losses))
		local[s].plain()
		if c != nil {
			sum = 0
			for i, y := range local[s].Labels {
				q := float64(c[y] * local[s].weight(i))
				local[s].Q[i] = float32(q)
				sum += q
			}
		}
		w.n.triples[s] = sumOf(sum, len(local[s].Losses))
	}
	return w.n.poisoned(local)
}

// Settle is the second half of Weigh.
func (w *ClassBalanced) Settle(ctx context.Context, _ At, local []Shard, total [3]float64, r Reducer) (Outcome, error) {
	if err := finite(ctx, local, total, r); err != nil {
		return Outcome{}, err
	}
	fill(w.n.factors, float32(1/total[1]))
	return plain(w.n.factors, total), nil
}

// Commit does nothing.
func (w *ClassBalanced) Commit(Outcome) {}

// State returns nil.
func (w *ClassBalanced) State() []float64 { return nil }

// Restore accepts an empty state only.
func (w *ClassBalanced) Restore(state []float64) error { return refuseState("cb", state) }
