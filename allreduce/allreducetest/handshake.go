package allreducetest

import (
	"context"
	"errors"
	"testing"

	"github.com/ballast-ml/ballast/allreduce"
)

// testHandshake checks that a ring starts only among equals, and that a
// neighbour with another run, generation or roster is refused by name.
func testHandshake(t *testing.T, open func(*testing.T, int) Net) {
	change := map[string]func(*allreduce.Topology){
		"Run":    func(t *allreduce.Topology) { t.Run = "other" },
		"Roster": func(t *allreduce.Topology) { t.Roster++ },
		"Shards": func(t *allreduce.Topology) { t.Shards = []int{0, 3, 8} },
		"Bucket": func(t *allreduce.Topology) { t.Sizes.Bucket = 100 },
	}
	want := map[string]error{
		"Run": allreduce.ErrRun, "Roster": allreduce.ErrRoster,
		"Shards": allreduce.ErrRoster, "Bucket": allreduce.ErrRoster,
	}
	for name, f := range change {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := deadline(t)
			defer cancel()
			net := open(t, 2)
			errs := Each(2, func(r int) error {
				top := net.Topology(r, Bounds(8, 2), allreduce.Sizes{})
				if r == 1 {
					f(&top)
				}
				_, err := allreduce.Form(ctx, net.Transports[r], top)
				return err
			})
			refused(t, errs[0], 1, want[name])
			refused(t, errs[1], 0, want[name])
		})
	}
	t.Run("Generations", func(t *testing.T) { testGenerations(t, open(t, 2)) })
	t.Run("Cancel", func(t *testing.T) { testOpenCancel(t, open(t, 3)) })
}

func refused(t *testing.T, err error, rank int, want error) {
	t.Helper()
	pe, ok := errors.AsType[*allreduce.PeerError](err)
	if !ok || pe.Rank != rank || pe.Phase != "Form" || !errors.Is(err, want) {
		t.Errorf("%v, want a PeerError of rank %d in Form: %v", err, rank, want)
	}
}

// testGenerations lets node 1 form generation 2 while node 0 is still at 1:
// node 0 is refused, and node 1's stream waits until it catches up.
func testGenerations(t *testing.T, net Net) {
	ctx, cancel := deadline(t)
	defer cancel()
	form := func(rank int, generation uint64) (*allreduce.Ring, error) {
		top := net.Topology(rank, Bounds(8, 2), allreduce.Sizes{})
		top.Generation = generation
		return allreduce.Form(ctx, net.Transports[rank], top)
	}
	rings := make([]*allreduce.Ring, 2)
	errs := Each(2, func(r int) (err error) {
		if r == 0 {
			_, err := form(0, 1)
			if !errors.Is(err, allreduce.ErrStale) {
				return errors.Join(errors.New("want ErrStale"), err)
			}
		}
		rings[r], err = form(r, 2)
		return err
	})
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
	errs = Each(2, func(r int) error {
		_, err := rings[r].At(0).Broadcast(ctx, 0, nil)
		return errors.Join(err, rings[r].Close())
	})
	if err := errors.Join(errs...); err != nil {
		t.Error(err)
	}
	if _, err := form(0, 2); !errors.Is(err, allreduce.ErrStale) {
		t.Errorf("the same generation again: %v, want ErrStale", err)
	}
}

// testOpenCancel checks that Open waits for both neighbours, and ends with its
// context.
func testOpenCancel(t *testing.T, net Net) {
	limit, cancel := deadline(t)
	defer cancel()
	ctx, stop := context.WithCancelCause(limit)
	enough := errors.New("enough")
	errs := Each(3, func(r int) error {
		if r == 2 { // never comes
			stop(enough)
			return nil
		}
		_, err := allreduce.Form(ctx, net.Transports[r], net.Topology(r, Bounds(8, 3), allreduce.Sizes{}))
		return err
	})
	// Whoever is told by the other before it sees its own context names it.
	for r, err := range errs[:2] {
		if pe, ok := errors.AsType[*allreduce.PeerError](err); err != enough && (!ok || pe.Rank != 1-r) {
			t.Errorf("rank %d: %v, want the cause", r, err)
		}
	}
}
