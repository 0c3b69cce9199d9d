package dataset

import (
	"errors"
	"fmt"
	"math"

	"github.com/ballast-ml/ballast/internal/rng"
)

// Plan says which samples make up which step. It is pure arithmetic over its
// fields: every node computes the same batches, at any step, without having
// gone through the steps before it.
type Plan struct {
	Rows     int    // size of the training set, > 0
	Batch    int    // size of the global batch, in [1, Rows]
	Epochs   int    // passes over the set, > 0
	Steps    int    // if positive, the plan ends after so many steps
	Seed     uint64 // of the order
	DropLast bool   // leave out the short last batch of an epoch

	// Open says that rows follow, nobody knows how many: the plan has one epoch,
	// which ends when they do, or after Steps.
	Open bool

	Resample *Resample // if set, later epochs draw their rows
	InOrder  bool      // epochs go through the rows in the order of the files
	Augment  Augment   // what the images of a batch become; of Augment.For
}

// Check reports what is wrong with the plan, or nil. The other methods may
// panic on a plan that fails it.
func (p Plan) Check() error {
	switch {
	case p.Rows < 1:
		return fmt.Errorf("plan: expected at least one training row, there are %d", p.Rows)
	case p.Batch < 1:
		return fmt.Errorf("batch %d: expected at least 1", p.Batch)
	case p.Batch > p.Rows && !p.Open:
		return fmt.Errorf("batch %d: larger than the training set of %d rows; expected 1..%d", p.Batch, p.Rows, p.Rows)
	case p.Epochs < 1:
		return fmt.Errorf("epochs %d: expected at least 1", p.Epochs)
	case p.InOrder && p.Resample != nil:
		return errors.New("rows that are drawn (drs) have no order of the files: leave out --order file")
	case p.Steps < 0:
		return fmt.Errorf("steps %d: expected 0 (all epochs) or more", p.Steps)
	}
	return nil
}

// StepsPerEpoch returns the number of steps of one pass over the set: more than
// there will ever be if the plan is Open.
func (p Plan) StepsPerEpoch() int {
	if p.Open {
		return math.MaxInt
	}
	if p.DropLast {
		return p.Rows / p.Batch
	}
	return (p.Rows + p.Batch - 1) / p.Batch
}

// TotalSteps returns the number of steps of the whole plan; 0 if the plan is Open
// and nobody knows.
func (p Plan) TotalSteps() int {
	if p.Open {
		return p.Steps
	}
	n := p.Epochs * p.StepsPerEpoch()
	if p.Steps > 0 {
		n = min(n, p.Steps)
	}
	return n
}

// At returns the epoch of a step, both from 0, and the window of the epoch's
// order that is its global batch: rows samples from position first on.
func (p Plan) At(step int) (epoch, first, rows int) {
	per := p.StepsPerEpoch()
	epoch = step / per
	first = (step % per) * p.Batch
	return epoch, first, min(p.Batch, p.Rows-first)
}

// Order writes the order of an epoch to dst: a permutation of 0..Rows-1, the
// numbers as they are if the plan is InOrder, or draws from them if the epoch is
// resampled. It panics unless len(dst) == Rows.
func (p Plan) Order(dst []int32, epoch int) {
	if len(dst) != p.Rows {
		panic(fmt.Sprintf("dataset: Order into %d entries, the plan has %d rows", len(dst), p.Rows))
	}
	if p.Resample != nil && epoch >= p.Resample.from {
		p.Resample.order(dst, p.Seed, epoch)
		return
	}
	if p.InOrder {
		for i := range dst {
			dst[i] = int32(i)
		}
		return
	}
	rng.New(p.Seed, rng.Shuffle, uint64(epoch)).Perm(dst)
}

// ShardRange returns the window [lo, hi) of a batch of rows that is shard s of
// shards. The windows follow each other, and their lengths differ by at most
// one; they are empty where there are fewer rows than shards.
func ShardRange(rows, shards, s int) (lo, hi int) {
	return s * rows / shards, (s + 1) * rows / shards
}
