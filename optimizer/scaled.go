package optimizer

import (
	"context"
	"errors"
)

// Scaled is a weighter that sees each loss multiplied by the weight of its class,
// c_{y_i}·ℓ_i, and whose weights are those of the scaled losses: the gradient is
// multiplied too. Before a fraction of the run it is the weighter alone.
type Scaled struct {
	Weighter
	classes classes
	losses  []Shard
}

var _ Eager = (*Scaled)(nil)

// NewScaled returns w on losses with the given positive class weights (see
// ClassWeights), in force from a fraction of the run in [0, 1].
func NewScaled(w Weighter, weights []float64, from float64) (*Scaled, error) {
	if len(weights) == 0 {
		return nil, errors.New("optimizer: losses scaled by weights of no classes")
	}
	c, err := newClasses(weights, from)
	return &Scaled{Weighter: w, classes: c}, err
}

// Weigh is that of the weighter on the scaled losses, with q_i multiplied by the
// class weight. A label without a class weight panics.
func (w *Scaled) Weigh(ctx context.Context, at At, local []Shard, r Reducer) (Outcome, error) {
	o, err := w.Weighter.Weigh(ctx, at, w.scale(at, local), r)
	if err == nil {
		w.raise(at, local)
	}
	return o, err
}

// Prepare is the first half of Weigh, if the weighter has one.
func (w *Scaled) Prepare(at At, local []Shard) ([][3]float64, bool) {
	eager, ok := w.Weighter.(Eager)
	if !ok {
		return nil, false
	}
	triples, ok := eager.Prepare(at, w.scale(at, local))
	if ok {
		w.raise(at, local)
	}
	return triples, ok
}

// Settle is the second half of Weigh.
func (w *Scaled) Settle(ctx context.Context, at At, local []Shard, total [3]float64, r Reducer) (Outcome, error) {
	return w.Weighter.(Eager).Settle(ctx, at, w.losses[:len(local)], total, r)
}

// scale returns the shards with their losses scaled; Q is the same memory.
func (w *Scaled) scale(at At, local []Shard) []Shard {
	for len(w.losses) < len(local) {
		w.losses = append(w.losses, Shard{})
	}
	c := w.classes.at(at)
	for s := range local {
		to := &w.losses[s]
		to.Labels, to.Groups, to.Weights, to.Q = local[s].Labels, local[s].Groups, local[s].Weights, local[s].Q
		to.Losses = append(to.Losses[:0], local[s].Losses...)
		for i := range to.Losses {
			if c != nil {
				to.Losses[i] = float32(float64(to.Losses[i]) * c[to.Labels[i]])
			}
		}
	}
	return w.losses[:len(local)]
}

// raise multiplies the weights by those of the classes.
func (w *Scaled) raise(at At, local []Shard) {
	c := w.classes.at(at)
	if c == nil {
		return
	}
	for _, s := range local {
		for i, y := range s.Labels {
			s.Q[i] = float32(float64(s.Q[i]) * c[y])
		}
	}
}
