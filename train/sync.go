package train

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/ballast-ml/ballast/allreduce"
)

// syncStep is the step that the collectives of a synchronisation carry: nodes
// that meet on a new ring may be at different ones.
const syncStep = math.MaxUint64

// sync brings every node of the ring to the state of the one that is furthest:
// after the loss of a node the survivors differ by one step at most, and a
// newcomer is at the start or at an old checkpoint. The state is a pure
// function of the step, so it does not matter whose it is; the first node at
// the highest step sends it, and only if somebody needs it.
func (s *session) sync(ctx context.Context) error {
	s.enter(syncing)
	ring := s.ring.At(syncStep)
	all, err := s.settle(ctx, ring)
	if err != nil {
		return err
	}
	source, needed := furthest(all, s.bounds)
	if !needed {
		return nil
	}
	if source == s.rank {
		return s.job.send(ctx, ring, source)
	}
	err = s.job.receive(ctx, ring, source, all[s.bounds[source]])
	if _, ok := errors.AsType[*parcelError](err); ok { // the ring's errors name their node themselves
		return fmt.Errorf("the state sent by %s: %w", s.names[source], err)
	}
	return err
}

// settle returns the standings of all shards' nodes once they are fit to choose
// from. If any node is wary, all go back to what they last agreed on; if nodes
// at the same step differ, that is divergence, as where verify finds it. All
// nodes see the same standings, so all take the same turn.
func (s *session) settle(ctx context.Context, ring allreduce.Step) ([][]float64, error) {
	t := &s.job.trust
	back := t.wary
	for {
		if back {
			t.wary = true
			if err := t.agreed.restore(s.job); err != nil {
				return nil, err
			}
		}
		all, err := ring.Gather(ctx, s.standings())
		if err != nil {
			return nil, err
		}
		if wary, all := anyWary(all); wary && !all {
			back = true
			continue
		}
		diverged, ok := errors.AsType[*DivergedError](s.differing(all))
		if !ok {
			return all, nil
		}
		if err := s.fallBack(diverged); err != nil {
			return nil, err
		}
		back = false
	}
}

// The fields of a standing: the step, the two halves of the state's digest, the
// upper 53 bits of that of a stream's rows, all exact in a float64, and whether
// the node is wary.
const (
	standingStep = iota
	standingHigh
	standingLow
	standingRows
	standingWary
	standingSize
)

// standing returns the record of a state, on a node that is not wary.
func (s *snapshot) standing() []float64 {
	digest := s.digest()
	record := make([]float64, standingSize)
	record[standingStep] = float64(s.state.Step)
	record[standingHigh], record[standingLow] = float64(digest>>32), float64(digest&math.MaxUint32)
	record[standingRows] = readRows(s.state.Rows)
	return record
}

// standings returns the record of this node's state, once for each local shard.
func (s *session) standings() [][]float64 {
	record := s.job.view().standing()
	if s.job.trust.wary {
		record[standingWary] = 1
	}
	local := make([][]float64, s.hi-s.lo)
	for i := range local {
		local[i] = record
	}
	return local
}

// sameState tells whether two nodes are at one step and in one state.
func sameState(a, b []float64) bool { return slices.Equal(a[:standingWary], b[:standingWary]) }

// anyWary tells whether any node is wary, and whether all are.
func anyWary(standings [][]float64) (any, all bool) {
	wary := func(at []float64) bool { return at[standingWary] != 0 }
	calm := func(at []float64) bool { return !wary(at) }
	return slices.ContainsFunc(standings, wary), !slices.ContainsFunc(standings, calm)
}

// furthest returns the lowest rank at the highest step, and whether anybody is
// in another state. A spare, which has no shard and no word in this, counts as
// one who may be.
func furthest(standings [][]float64, bounds []int) (rank int, needed bool) {
	best := -1
	for r := range len(bounds) - 1 {
		if bounds[r] == bounds[r+1] {
			needed = true
			continue
		}
		at := standings[bounds[r]]
		if best >= 0 && !sameState(at, standings[bounds[best]]) {
			needed = true
		}
		if best < 0 || at[standingStep] > standings[bounds[best]][standingStep] {
			best = r
		}
	}
	return best, needed
}
