package optimizer

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/ballast-ml/ballast/internal/detmath"
)

// GroupDROConfig says how group DRO weighs.
type GroupDROConfig struct {
	// Counts has the training samples of each group, >= 1.
	Counts []int
	// Eta is the rate at which the shares of the groups move, >= 0.
	Eta float64
	// Adjust is C in the term C/√n_g that is added to the loss of a group, >= 0:
	// small groups generalise worse.
	Adjust float64
	// From is the fraction of the run from which on it counts.
	From float64
}

// GroupDRO is group distributionally robust optimisation (Sagawa et al.,
// "Distributionally robust neural networks for group shifts", ICLR 2020,
// algorithm 1). Each group has a share q_g, uniform at first, that grows with the
// group's mean loss L_g in the global batch:
//
//	q_g ∝ q_g·exp(η·(L_g + C/√n_g))
//	w_i = q_g/b_g         b_g samples of the group in the batch
//
// where a sample of weight v_i of its own counts as so many, in L_g, in b_g and in
// w_i. Groups are those of the shards, or the labels. A group that is absent from the batch keeps its share,
// up to the normaliser, and weighs nothing, so that the weights sum to the share
// of those present. The state is log q.
type GroupDRO struct {
	cfg GroupDROConfig
	log []float64 // committed log q

	plain   ERM
	n       normaliser
	records [][]float64
	next    []float64
	each    []float64 // weight of a sample, by group
}

var _ Eager = (*GroupDRO)(nil)

// NewGroupDRO returns the weighter, or an error that lists all that is wrong
// with cfg.
func NewGroupDRO(cfg GroupDROConfig) (*GroupDRO, error) {
	var errs []error
	if len(cfg.Counts) == 0 {
		errs = append(errs, errors.New("optimizer: group dro of no groups"))
	}
	for g, n := range cfg.Counts {
		if n < 1 {
			errs = append(errs, fmt.Errorf("optimizer: group dro: group %d has %d training samples, want at least 1", g, n))
		}
	}
	if !(cfg.Eta >= 0 && cfg.Eta <= 1e6) {
		errs = append(errs, fmt.Errorf("optimizer: group dro: eta is %v, want a rate in [0, 1e6]", cfg.Eta))
	}
	if !(cfg.Adjust >= 0 && cfg.Adjust <= 1e6) {
		errs = append(errs, fmt.Errorf("optimizer: group dro: the adjustment is %v, want a number in [0, 1e6]", cfg.Adjust))
	}
	if !(cfg.From >= 0 && cfg.From <= 1) {
		errs = append(errs, fmt.Errorf("optimizer: group dro starts at %v, want a fraction of the run in [0, 1]", cfg.From))
	}
	k := len(cfg.Counts)
	w := &GroupDRO{cfg: cfg, log: make([]float64, k), next: make([]float64, k), each: make([]float64, k)}
	for g := range w.log {
		w.log[g] = -detmath.Log(float64(k))
	}
	return w, errors.Join(errs...)
}

// Weigh gathers the sum of the losses and the number of samples of each group,
// and sets q_i = B·w_i, with a factor of 1/B. A group that was not counted panics.
func (w *GroupDRO) Weigh(ctx context.Context, at At, local []Shard, r Reducer) (Outcome, error) {
	if !at.Reached(w.cfg.From) {
		o, err := w.plain.Weigh(ctx, at, local, r)
		o.next = append(w.next[:0], w.log...)
		return o, err
	}
	w.n.fit(local, true)
	all, err := r.Gather(ctx, w.sums(local))
	if err != nil {
		return Outcome{}, fmt.Errorf("optimizer: gathering the losses of the groups: %w", err)
	}
	groups := len(w.log)
	total := make([]float64, 2*groups+1)
	for _, record := range all {
		if len(record) != len(total) {
			return Outcome{}, fmt.Errorf("optimizer: a shard sent %d numbers, want %d for %d groups", len(record), len(total), groups)
		}
		for i, v := range record {
			total[i] += v
		}
	}
	rows := total[2*groups]
	for _, sum := range total[:groups] {
		if sum-sum != 0 {
			return Outcome{}, culprit(ctx, local, r)
		}
	}
	w.advance(total[:groups], total[groups:2*groups])
	for _, s := range local {
		for i, g := range s.groups() {
			s.Q[i] = float32(float64(rows*w.each[g]) * s.weight(i))
		}
	}
	fill(w.n.factors, float32(1/rows))
	return Outcome{Factors: w.n.factors, LogU: math.Inf(-1), Lambda: math.Inf(1), Rows: int(rows), next: w.next}, nil
}

// sums returns a record for each shard: Σvℓ by group, then Σv, at last the number
// of samples.
func (w *GroupDRO) sums(local []Shard) [][]float64 {
	groups := len(w.log)
	for len(w.records) < len(local) {
		w.records = append(w.records, make([]float64, 2*groups+1))
	}
	for s := range local {
		record := w.records[s]
		clear(record)
		for i, g := range local[s].groups() {
			v := local[s].weight(i)
			record[g] += float64(v * float64(local[s].Losses[i]))
			record[groups+int(g)] += v
		}
		record[2*groups] = float64(len(local[s].Losses))
	}
	return w.records[:len(local)]
}

// advance sets next to the shares after the batch, and each to the weights.
func (w *GroupDRO) advance(losses, numbers []float64) {
	w.next = append(w.next[:0], w.log...)
	for g, n := range numbers {
		if n > 0 {
			mean := losses[g]/n + w.cfg.Adjust/math.Sqrt(float64(w.cfg.Counts[g]))
			w.next[g] += float64(w.cfg.Eta * mean)
		}
	}
	norm := math.Inf(-1)
	for _, l := range w.next {
		norm = detmath.LogAddExp(norm, l)
	}
	for g := range w.next {
		// A share of e^-700 is nothing, but can come back.
		w.next[g] = max(w.next[g]-norm, -700)
		w.each[g] = 0
		if numbers[g] > 0 {
			w.each[g] = detmath.Exp(w.next[g]) / numbers[g]
		}
	}
}

// Prepare is the first half of plain averaging; behind it the shares depend on
// the whole batch.
func (w *GroupDRO) Prepare(at At, local []Shard) ([][3]float64, bool) {
	if at.Reached(w.cfg.From) {
		return nil, false
	}
	return w.plain.Prepare(at, local)
}

// Settle is the second half of plain averaging.
func (w *GroupDRO) Settle(ctx context.Context, at At, local []Shard, total [3]float64, r Reducer) (Outcome, error) {
	o, err := w.plain.Settle(ctx, at, local, total, r)
	w.next = append(w.next[:0], w.log...)
	o.next = w.next
	return o, err
}

// Commit makes the outcome's shares current.
func (w *GroupDRO) Commit(o Outcome) { copy(w.log, o.next) }

// State returns log q by group.
func (w *GroupDRO) State() []float64 { return slices.Clone(w.log) }

// Restore sets the shares.
func (w *GroupDRO) Restore(state []float64) error {
	if len(state) != len(w.log) {
		return fmt.Errorf("optimizer: the state of group dro has %d numbers, want %d: a checkpoint of another method?", len(state), len(w.log))
	}
	sum := 0.0
	for _, l := range state {
		sum += detmath.Exp(l)
	}
	if !(math.Abs(sum-1) < 1e-6) {
		return fmt.Errorf("optimizer: %v is no state of group dro: want logarithms of shares that sum to 1", state)
	}
	copy(w.log, state)
	return nil
}
