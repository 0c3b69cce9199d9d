package train

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
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
	all, err := ring.Gather(ctx, s.standings())
	if err != nil {
		return err
	}
	source, needed := furthest(all, s.bounds)
	if !needed {
		return nil
	}
	var parcel []byte
	if source == s.rank {
		if parcel, err = s.job.pack(); err != nil {
			return err
		}
	}
	if parcel, err = ring.Broadcast(ctx, source, parcel); err != nil || source == s.rank {
		return err
	}
	if err := s.job.unpack(parcel); err != nil {
		return fmt.Errorf("the state sent by %s: %w", s.names[source], err)
	}
	return nil
}

// pack returns what a node behind needs: what was last told about the run, and
// the state.
func (j *job) pack() ([]byte, error) {
	last, err := json.Marshal(j.last)
	if err != nil {
		return nil, err
	}
	state, err := j.view().encode(identityOf(j))
	if err != nil {
		return nil, err
	}
	parcel := binary.BigEndian.AppendUint32(nil, uint32(len(last)))
	return slices.Concat(parcel, last, state), nil
}

// unpack takes the state of another node. If it is one step ahead, the
// observers are told of that step as if it had been committed here.
func (j *job) unpack(parcel []byte) error {
	if len(parcel) < 4 {
		return errors.New("it is cut short")
	}
	n := uint64(binary.BigEndian.Uint32(parcel))
	if parcel = parcel[4:]; uint64(len(parcel)) < n {
		return errors.New("it is cut short")
	}
	var last StepDone
	if err := json.Unmarshal(parcel[:n], &last); err != nil {
		return err
	}
	snapshot, err := decodeSnapshot(parcel[n:], j)
	if err != nil {
		return err
	}
	if err := snapshot.restore(j); err != nil {
		return err
	}
	if last.Step == j.last.Step+1 {
		j.committed(last)
	}
	j.last = last
	return nil
}

// standings returns the record of this node's state, once for each local shard:
// the step and the two halves of a digest, all exact in a float64.
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
		if best >= 0 && !slices.Equal(at, standings[bounds[best]]) {
			needed = true
		}
		if best < 0 || at[0] > standings[bounds[best]][0] {
			best = r
		}
	}
	return best, needed
}
