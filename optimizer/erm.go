package optimizer

import (
	"context"
	"math"
)

// ERM is empirical risk minimisation, that is plain averaging: w_i = v_i/B, with
// v_i the sample's own weight, 1 if there is none. It is divided by B and not by
// the v_i of the batch, so that the mean step is that of the weighted training
// set. The zero value is ready for use. It has no state.
type ERM struct{ n normaliser }

var _ Eager = (*ERM)(nil)

// Weigh sets every q to the sample's own weight, else 1, and every factor to 1/B.
func (w *ERM) Weigh(ctx context.Context, at At, local []Shard, r Reducer) (Outcome, error) {
	return weigh(ctx, w, at, local, r)
}

// Prepare is the first half of Weigh.
func (w *ERM) Prepare(at At, local []Shard) ([][3]float64, bool) { return w.prepare(at, local), true }

func (w *ERM) prepare(_ At, local []Shard) [][3]float64 {
	w.n.fit(local, false)
	for s := range local {
		w.n.triples[s] = sumOf(float64(len(local[s].Losses)), len(local[s].Losses))
		local[s].plain()
	}
	return w.n.poisoned(local)
}

// Settle is the second half of Weigh.
func (w *ERM) Settle(ctx context.Context, _ At, local []Shard, total [3]float64, r Reducer) (Outcome, error) {
	if err := finite(ctx, local, total, r); err != nil {
		return Outcome{}, err
	}
	fill(w.n.factors, float32(1/total[2]))
	return plain(w.n.factors, total), nil
}

// Commit does nothing.
func (w *ERM) Commit(Outcome) {}

// State returns nil.
func (w *ERM) State() []float64 { return nil }

// Restore accepts an empty state only.
func (w *ERM) Restore(state []float64) error { return refuseState("erm", state) }

// plain is an outcome without temperature and moving average.
func plain(factors []float32, total [3]float64) Outcome {
	return Outcome{Factors: factors, LogU: math.Inf(-1), Lambda: math.Inf(1), Rows: int(total[2])}
}

func fill(x []float32, v float32) {
	for i := range x {
		x[i] = v
	}
}
