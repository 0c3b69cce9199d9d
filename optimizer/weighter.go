package optimizer

import (
	"context"
	"fmt"
)

// Shard is one of this node's shards of the global batch.
type Shard struct {
	// Losses holds ℓ_i of each sample, unreduced. It may be empty.
	Losses []float32
	// Labels are the class numbers, as many as losses. Weighters that know no
	// classes do not read them.
	Labels []int32
	// Groups are the group numbers of the samples, for weighters that know groups;
	// nil: the labels are the groups.
	Groups []int32
	// Weights are those of the samples themselves, > 0 and 1 in the mean over the
	// training rows: each counts as so many copies. nil, in all shards of the
	// batch alike, stands for ones; an empty shard of a weighted batch has an
	// empty slice. Ones have the same bits as nil.
	Weights []float32
	// Q is filled by Weigh: the sample's part of its weight, >= 0. Its length
	// is that of Losses.
	Q []float32
}

// Reducer is what a weighter may ask of the other shards. The calls are
// collective: every node makes the same ones in the same order, also for empty
// shards.
type Reducer interface {
	// LogSumExp returns the fold of the triples (max, Σe^{a-max}, count) of all
	// shards, in shard order; local has one for each shard of this node. The
	// triple of an empty shard is (-Inf, 0, 0). It leaves local as it was.
	LogSumExp(ctx context.Context, local [][3]float64) ([3]float64, error)
	// Gather returns the records of all shards, in shard order; local has one
	// for each shard of this node. Records may differ in length, and are left
	// as they were. The result is valid until the next call.
	Gather(ctx context.Context, local [][]float64) ([][]float64, error)
}

// groups returns the group of each sample.
func (s *Shard) groups() []int32 {
	if s.Groups == nil {
		return s.Labels
	}
	return s.Groups
}

// weight returns that of sample i itself.
func (s *Shard) weight(i int) float64 {
	if s.Weights == nil {
		return 1
	}
	return float64(s.Weights[i])
}

// plain sets every q to the sample's own weight.
func (s *Shard) plain() {
	if s.Weights == nil {
		fill(s.Q, 1)
		return
	}
	copy(s.Q, s.Weights)
}

// Outcome is what Weigh found: the weights and the state that they would lead
// to. It is valid until the next Weigh of the same weighter.
type Outcome struct {
	// Factors has f_s for each shard of this node; the weights are f_s·q_i.
	Factors []float32
	// LogU is the logarithm of the moving average after this step, -Inf where
	// there is none.
	LogU float64
	// Lambda is the temperature in force, +Inf for plain averaging.
	Lambda float64
	// Rows is the number of samples in the global batch.
	Rows int
	// Triples, if not nil, are those of ℓ_i/λ + log v_i for each shard of this node
	// (package logsum), v_i being the sample's own weight: where they are behind
	// the weights, nobody has to compute them again. They are the weighter's, and
	// valid until the next call.
	Triples [][3]float64

	next []float64
}

// Weighter turns the losses of a global batch into weights. It is used by one
// goroutine at a time.
type Weighter interface {
	// Weigh fills Q of the local shards and returns the factors. It changes no
	// state, so that a step can be given up at any moment before Commit. A
	// loss that is not finite gives a *NonFiniteError, the same on every node.
	// Other errors are those of the reducer.
	Weigh(ctx context.Context, at At, local []Shard, r Reducer) (Outcome, error)
	// Commit makes the pending state of an outcome current. It is local, and
	// cannot fail.
	Commit(o Outcome)
	// State returns a copy of the state as plain finite numbers; Restore sets
	// it, and refuses what no State of this weighter can have returned.
	State() []float64
	Restore(state []float64) error
}

// Eager is a weighter whose q_i follow from the shard's own losses, while what
// the whole batch decides is one factor for each shard. So a gradient with the
// weights q can be computed while the collective is still under way. Weigh is
// Prepare, LogSumExp of its triples, and Settle.
type Eager interface {
	Weighter
	// Prepare fills Q and returns the triples to fold, one for each local
	// shard, which are the weighter's and valid until the next call. It returns
	// false where Q depends on the whole batch: then Weigh is to be called. The
	// answer is the same on all nodes.
	Prepare(at At, local []Shard) (triples [][3]float64, ok bool)
	// Settle returns what Weigh does, given the fold of all triples. It asks r
	// for nothing unless a loss is not finite, which all nodes find or none.
	Settle(ctx context.Context, at At, local []Shard, total [3]float64, r Reducer) (Outcome, error)
}

// NonFiniteError says that a loss is NaN or infinite, so that there are no
// weights. All nodes return it for the same sample: the first one in shard
// order.
type NonFiniteError struct {
	// Row is the sample's position in the global batch.
	Row int
	// Loss is its loss.
	Loss float32
}

func (e *NonFiniteError) Error() string {
	return fmt.Sprintf("optimizer: the loss of the sample at position %d of the global batch is %v", e.Row, e.Loss)
}
