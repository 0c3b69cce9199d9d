package allreducetest

import (
	"context"
	"errors"
	"testing"

	"github.com/ballast-ml/ballast/allreduce"
)

// chorded gives every ring of three nodes and more its chords.
var chorded = allreduce.Sizes{Bucket: 500, Segment: 50, Chords: 3}

// chordCases are shard maps of as many nodes as rounds fill, and of one more
// and one less, with spares and without.
var chordCases = [][]int{Bounds(8, 3), {0, 3, 3, 8}, {0, 0, 4, 4, 8, 8}, Bounds(8, 7), Bounds(8, 8)}

// testChords puts rings with chords through what concerns those.
func testChords(t *testing.T, open func(*testing.T, int) Net) {
	t.Run("Scalars", func(t *testing.T) { testScalars(t, open, chorded, chordCases) })
	t.Run("Pieces", func(t *testing.T) { testPieces(t, open, chorded, chordCases) })
	t.Run("Cancel", func(t *testing.T) { testCancel(t, open, chorded) })
	t.Run("Kill", func(t *testing.T) { testKill(t, open, chorded, 8) })
	t.Run("Leave", func(t *testing.T) { testLeave(t, open, chorded, chordCases[2:]) })
	t.Run("Disagree", func(t *testing.T) { testEdges(t, open(t, 4)) })
	t.Run("Again", func(t *testing.T) { testChordsAgain(t, open(t, 5)) })
	t.Run("OpenCancel", func(t *testing.T) { testChordsCancel(t, open(t, 5)) })
}

// testEdges has one node that wants no chords: no ring starts.
func testEdges(t *testing.T, net Net) {
	testOneDiffers(t, net,
		func(top *allreduce.Topology) { top.Sizes.Chords = chorded.Chords },
		func(top *allreduce.Topology) { top.Sizes.Chords = 5 })
}

// testOneDiffers has four nodes form a ring that all have edited, and one of them
// once more: none comes to be.
func testOneDiffers(t *testing.T, net Net, all, one func(*allreduce.Topology)) {
	ctx, cancel := deadline(t)
	defer cancel()
	errs := Each(4, func(r int) error {
		top := net.Topology(r, Bounds(8, 4), small)
		if all(&top); r == 2 {
			one(&top)
		}
		_, err := allreduce.Form(ctx, net.Transports[r], top)
		return err
	})
	for r, err := range errs {
		if pe, ok := errors.AsType[*allreduce.PeerError](err); !ok || pe.Phase != "Form" {
			t.Errorf("rank %d: %v, want a PeerError in Form", r, err)
		}
	}
	if !errors.Is(errs[2], allreduce.ErrRoster) {
		t.Errorf("rank 2: %v, want ErrRoster", errs[2])
	}
}

// testChordsAgain forms rings of one generation after the other, of the same
// nodes with chords and without.
func testChordsAgain(t *testing.T, net Net) {
	ctx, cancel := deadline(t)
	defer cancel()
	for generation := uint64(1); generation < 6; generation++ {
		sizes := chorded
		sizes.Chords += int(generation%2) * 10
		errs := Each(5, func(r int) error {
			top := net.Topology(r, Bounds(8, 5), sizes)
			top.Generation = generation
			ring, err := allreduce.Form(ctx, net.Transports[r], top)
			if err != nil {
				return err
			}
			_, err = ring.At(1).Gather(ctx, make([][]float64, top.Shards[r+1]-top.Shards[r]))
			return errors.Join(err, ring.Close())
		})
		if err := errors.Join(errs...); err != nil {
			t.Fatalf("generation %d: %v", generation, err)
		}
	}
}

// testChordsCancel gives up a ring one node of which never comes, while some of
// its edges are open already. The same nodes can form another then.
func testChordsCancel(t *testing.T, net Net) {
	limit, cancel := deadline(t)
	defer cancel()
	ctx, stop := context.WithCancelCause(limit)
	enough := errors.New("enough")
	errs := Each(5, func(r int) error {
		if r == 4 {
			stop(enough)
			return nil
		}
		_, err := allreduce.Form(ctx, net.Transports[r], net.Topology(r, Bounds(8, 5), chorded))
		return err
	})
	for r, err := range errs[:4] {
		if _, ok := errors.AsType[*allreduce.PeerError](err); err != enough && !ok {
			t.Errorf("rank %d: %v, want the cause, or a peer that gave up", r, err)
		}
	}
	errs = Each(5, func(r int) error {
		top := net.Topology(r, Bounds(8, 5), chorded)
		top.Generation = 2
		ring, err := allreduce.Form(limit, net.Transports[r], top)
		if err == nil {
			err = ring.Close()
		}
		return err
	})
	if err := errors.Join(errs...); err != nil {
		t.Errorf("the next generation: %v", err)
	}
}
