package train

import (
	"context"
	"fmt"
	"math"
)

// syncStep is the step that the collectives of a synchronisation carry: nodes
// that meet on a new ring may be at different ones.
const syncStep = math.MaxUint64

// sync brings every node of the ring to the state of the one that is furthest:
// after the loss of a node the survivors differ by one step at most, and a
// newcomer is at the start or at an old checkpoint. The state is a pure
// function of the step, so it does not matter whose it is; the first node at
// the highest step sends it, and only if somebody needs it.
//
// bounds is the roster's shard map.
func (s *session) sync(ctx context.Context, bounds []int) error {
	s.enter(syncing)
	ring := s.ring.At(syncStep)
	all, err := ring.Gather(ctx, s.standings())
	if err != nil {
		return err
	}
	source, needed := furthest(all, bounds)
	if !needed {
		return nil
	}
	var state []byte
	if s.lo == bounds[source] && s.hi > s.lo {
		if state, err = s.job.view().encode(identityOf(s.job)); err != nil {
			return err
		}
	}
	state, err = ring.Broadcast(ctx, source, state)
	if err != nil {
		return err
	}
	if s.lo == bounds[source] && s.hi > s.lo {
		return nil
	}
	snapshot, err := decodeSnapshot(state, s.job)
	if err != nil {
		return fmt.Errorf("the state sent by rank %d: %w", source, err)
	}
	return snapshot.restore(s.job)
}

// standingSize is the number of float64 in a standing: the step and the two
// halves of a digest of the state, all exact.
const standingSize = 3

// standings returns the record of this node's state, once for each local shard.
func (s *session) standings() [][]float64 {
	digest := s.job.view().digest()
	record := []float64{float64(s.job.state.Step), float64(digest >> 32), float64(digest & math.MaxUint32)}
	local := make([][]float64, s.hi-s.lo)
	for i := range local {
		local[i] = record
	}
	return local
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
		if best >= 0 && !equal(at, standings[bounds[best]]) {
			needed = true
		}
		if best < 0 || at[0] > standings[bounds[best]][0] {
			best = r
		}
	}
	return best, needed
}

func equal(a, b []float64) bool {
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return len(a) == len(b)
}
