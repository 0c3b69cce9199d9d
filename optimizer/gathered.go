package optimizer

import (
	"context"
	"fmt"
	"math"
)

// gathered collects the losses of a global batch, for weighters whose weights
// depend on all of them: an order statistic or a root has no triple to fold.
type gathered struct {
	records [][]float64
	all     []float64
	mass    masses
}

// masses are the samples' own weights; nil stands for ones.
type masses []float64

func (m masses) of(i int) float64 {
	if m == nil {
		return 1
	}
	return m[i]
}

// total is the sum of n masses.
func (m masses) total(n int) float64 {
	if m == nil {
		return float64(n)
	}
	var sum float64
	for _, v := range m {
		sum += v
	}
	return sum
}

// losses returns c_{y_i}·ℓ_i of the whole batch, in shard order (nil c: ones), and
// the samples' own weights, valid until the next call. The first one that is not finite gives a
// *NonFiniteError on every node.
func (g *gathered) losses(ctx context.Context, local []Shard, c []float64, r Reducer) ([]float64, masses, error) {
	weighted := false
	for len(g.records) < len(local) {
		g.records = append(g.records, nil)
	}
	for s := range local {
		record := g.records[s][:0]
		for i, l := range local[s].Losses {
			a := float64(l)
			if c != nil {
				a = float64(a * c[local[s].Labels[i]])
			}
			record = append(record, a)
		}
		for i := range local[s].Weights {
			record = append(record, local[s].weight(i))
		}
		weighted = weighted || local[s].Weights != nil
		g.records[s] = record
	}
	all, err := r.Gather(ctx, g.records[:len(local)])
	if err != nil {
		return nil, nil, fmt.Errorf("optimizer: gathering the losses: %w", err)
	}
	g.all, g.mass = g.all[:0], g.mass[:0]
	for _, record := range all {
		if weighted { // losses, then as many weights
			g.mass = append(g.mass, record[len(record)/2:]...)
			record = record[:len(record)/2]
		}
		g.all = append(g.all, record...)
	}
	for i, l := range g.all {
		if l-l != 0 {
			return nil, nil, &NonFiniteError{Row: i, Loss: float32(l)}
		}
	}
	if len(g.all) == 0 {
		panic("optimizer: an empty global batch")
	}
	if !weighted {
		return g.all, nil, nil
	}
	return g.all, g.mass, nil
}

// Robust weighs each sample by a worst case over the global batch: the weights,
// >= 0 and 1 in sum, are those of a set around equal ones for which the weighted
// loss is largest. A sample of weight v_i of its own counts as so many copies,
// and the weights of a batch sum to Σv/B, as in plain averaging. They are a function of the sample's own loss once all losses
// are known. Before a fraction of the run averaging is plain. It has no state.
type Robust struct {
	name string
	set  ambiguity
	from float64

	plain ERM
	n     normaliser
	g     gathered
}

// ambiguity is a set of weights.
type ambiguity interface {
	// fit finds the worst case for so many copies of each loss of a batch, of
	// which there is at least one and all are finite.
	fit(losses []float64, copies masses)
	// weight returns that of a copy with the given loss, one of those.
	weight(loss float64) float64
}

var _ Eager = (*Robust)(nil)

func newRobust(name string, set ambiguity, from float64) (*Robust, error) {
	if !(from >= 0 && from <= 1) {
		return nil, fmt.Errorf("optimizer: %s starts at %v, want a fraction of the run in [0, 1]", name, from)
	}
	return &Robust{name: name, set: set, from: from}, nil
}

// Weigh gathers all losses and sets q_i = Σv·w_i, with a factor of 1/B.
func (w *Robust) Weigh(ctx context.Context, at At, local []Shard, r Reducer) (Outcome, error) {
	if !at.Reached(w.from) {
		return w.plain.Weigh(ctx, at, local, r)
	}
	w.n.fit(local, false)
	losses, copies, err := w.g.losses(ctx, local, nil, r)
	if err != nil {
		return Outcome{}, err
	}
	rows := float64(len(losses))
	w.set.fit(losses, copies)
	total := copies.total(len(losses))
	for _, s := range local {
		for i, l := range s.Losses {
			s.Q[i] = float32(total * float64(s.weight(i)*w.set.weight(float64(l))))
		}
	}
	fill(w.n.factors, float32(1/rows))
	return Outcome{Factors: w.n.factors, LogU: math.Inf(-1), Lambda: math.Inf(1), Rows: len(losses)}, nil
}

// Prepare is the first half of plain averaging; behind it q depends on all
// losses.
func (w *Robust) Prepare(at At, local []Shard) ([][3]float64, bool) {
	if at.Reached(w.from) {
		return nil, false
	}
	return w.plain.Prepare(at, local)
}

// Settle is the second half of plain averaging.
func (w *Robust) Settle(ctx context.Context, at At, local []Shard, total [3]float64, r Reducer) (Outcome, error) {
	return w.plain.Settle(ctx, at, local, total, r)
}

// Commit does nothing.
func (w *Robust) Commit(Outcome) {}

// State returns nil.
func (w *Robust) State() []float64 { return nil }

// Restore accepts an empty state only.
func (w *Robust) Restore(state []float64) error { return refuseState(w.name, state) }
