package optimizer

import (
	"context"
	"errors"
	"fmt"
	"math"

	"github.com/ballast-ml/ballast/internal/logsum"
)

// normaliser is the scratch memory of a weighter and its one collective.
type normaliser struct {
	triples [][3]float64
	factors []float32
}

// fit makes room for the local shards and checks them.
func (n *normaliser) fit(local []Shard, labelled bool) {
	for i := range local {
		rows := len(local[i].Losses)
		if len(local[i].Q) != rows || (labelled && len(local[i].Labels) != rows) ||
			(local[i].Weights != nil && len(local[i].Weights) != rows) {
			panic(fmt.Sprintf("optimizer: shard with %d losses, %d labels, %d weights of samples and room for %d of the batch",
				rows, len(local[i].Labels), len(local[i].Weights), len(local[i].Q)))
		}
	}
	if cap(n.triples) < len(local) {
		n.triples = make([][3]float64, len(local))
		n.factors = make([]float32, len(local))
	}
	n.triples, n.factors = n.triples[:len(local)], n.factors[:len(local)]
}

// halves are the two parts of an Eager weighter's Weigh.
type halves interface {
	prepare(at At, local []Shard) [][3]float64
	Settle(ctx context.Context, at At, local []Shard, total [3]float64, r Reducer) (Outcome, error)
}

// weigh is the Weigh of weighters with two halves.
func weigh(ctx context.Context, w halves, at At, local []Shard, r Reducer) (Outcome, error) {
	total, err := r.LogSumExp(ctx, w.prepare(at, local))
	if err != nil {
		return Outcome{}, fmt.Errorf("optimizer: normaliser: %w", err)
	}
	return w.Settle(ctx, at, local, total, r)
}

// poisoned returns the triples, those of shards with a loss that is not finite
// spoiled, so that every node learns of it in the same collective.
func (n *normaliser) poisoned(local []Shard) [][3]float64 {
	for s := range local {
		if badLoss(local[s].Losses) >= 0 {
			n.triples[s][0], n.triples[s][1] = math.NaN(), math.NaN()
		}
	}
	return n.triples
}

// finite looks at the fold of all triples for a poisoned one.
func finite(ctx context.Context, local []Shard, total [3]float64, r Reducer) error {
	switch {
	case math.IsNaN(total[0]) || math.IsNaN(total[1]):
		return culprit(ctx, local, r)
	case total[2] == 0:
		panic("optimizer: an empty global batch")
	}
	return nil
}

// culprit finds the first loss of the global batch that is not finite. All nodes
// call it or none, as all have seen the same poisoned total.
func culprit(ctx context.Context, local []Shard, r Reducer) error {
	records := make([][]float64, len(local)) // rows, and the first bad one's index and loss
	for s := range local {
		losses := local[s].Losses
		records[s] = []float64{float64(len(losses))}
		if i := badLoss(losses); i >= 0 {
			records[s] = append(records[s], float64(i), float64(losses[i]))
		}
	}
	all, err := r.Gather(ctx, records)
	if err != nil {
		return fmt.Errorf("optimizer: looking for a loss that is not finite: %w", err)
	}
	first := 0
	for _, rec := range all {
		switch len(rec) {
		case 1:
			first += int(rec[0])
		case 3:
			return &NonFiniteError{Row: first + int(rec[1]), Loss: float32(rec[2])}
		default:
			return fmt.Errorf("optimizer: looking for a loss that is not finite: a shard sent %d numbers, want 1 or 3", len(rec))
		}
	}
	return errors.New("optimizer: the normaliser is not a number although all losses are finite")
}

// badLoss returns the index of the first loss that is not finite, or -1.
func badLoss(losses []float32) int {
	for i, l := range losses {
		if l-l != 0 { // NaN or an infinity
			return i
		}
	}
	return -1
}

// sumOf is the triple of c numbers whose plain sum is s: with a common maximum
// of 0 the fold adds them.
func sumOf(s float64, c int) [3]float64 {
	if c == 0 {
		return logsum.Identity()
	}
	return [3]float64{0, s, float64(c)}
}

// refuseState is the Restore of weighters without state.
func refuseState(name string, state []float64) error {
	if len(state) != 0 {
		return fmt.Errorf("optimizer: %s has no state, got %d numbers: a checkpoint of another method?", name, len(state))
	}
	return nil
}
