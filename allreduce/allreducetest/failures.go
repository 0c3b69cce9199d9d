package allreducetest

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/ballast-ml/ballast/allreduce"
)

// testCancel checks that a collective that waits ends with the context's
// cause, that the ring is dead then, and that neighbours learn whose fault it
// is.
func testCancel(t *testing.T, open func(*testing.T, int) Net, sizes allreduce.Sizes) {
	const n = 3
	rings := open(t, n).Form(t, Bounds(8, n), sizes)
	ctx, stop := context.WithCancelCause(t.Context())
	enough := errors.New("enough")
	errs := Each(n, func(r int) error {
		c, cancel := deadline(t)
		defer cancel()
		if r == 1 {
			c = ctx
		}
		if r == 0 { // does not take part, so that the others wait
			stop(enough)
			return nil
		}
		_, err := rings[r].At(4).Gather(c, make([][]float64, Bounds(8, n)[r+1]-Bounds(8, n)[r]))
		return err
	})
	if errs[1] != enough {
		t.Errorf("cancelled node: %v, want the cause", errs[1])
	}
	if pe, ok := errors.AsType[*allreduce.PeerError](errs[2]); !ok || pe.Rank != 1 || !errors.Is(pe, allreduce.ErrGaveUp) {
		t.Errorf("its neighbour: %v, want a PeerError of rank 1: it gave up", errs[2])
	}
	if _, err := rings[1].At(5).Broadcast(t.Context(), 0, nil); err != enough {
		t.Errorf("later call: %v, want the first error", err)
	}
}

// testKill checks that every survivor names the node that died, in whatever
// it waits, and that later calls say the same.
func testKill(t *testing.T, open func(*testing.T, int) Net, sizes allreduce.Sizes, nodes ...int) {
	for _, n := range nodes {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			const dead = 1
			bounds := Bounds(8, n)
			net := open(t, n)
			rings := net.Form(t, bounds, sizes)
			parts, factors := Inputs(8, 5000, 1)
			errs := Each(n, func(r int) error {
				ctx, cancel := deadline(t)
				defer cancel()
				lo, hi := bounds[r], bounds[r+1]
				dst := make([]float32, 5000)
				for step := uint64(0); ; step++ {
					if r == dead && step == 3 {
						net.Kill(dead)
						return nil
					}
					if err := rings[r].At(step).Sum(ctx, dst, parts[lo:hi], factors[lo:hi]); err != nil {
						return err
					}
					if _, err := rings[r].At(step).Gather(ctx, make([][]float64, hi-lo)); err != nil {
						return err
					}
				}
			})
			for r, err := range errs {
				if r == dead {
					continue
				}
				pe, ok := errors.AsType[*allreduce.PeerError](err)
				if !ok || pe.Rank != dead || pe.Peer != Name(dead) || pe.Step < 2 || pe.Step > 3 {
					t.Errorf("rank %d: %v, want a PeerError of %s around step 3", r, err, Name(dead))
				}
				if _, again := rings[r].At(9).LogSumExp(t.Context(), make([][3]float64, bounds[r+1]-bounds[r])); again != err {
					t.Errorf("rank %d: later call: %v, want %v", r, again, err)
				}
			}
		})
	}
}

// testLeave checks that nodes may close their rings as soon as they have the
// last result, whatever the others are still doing.
func testLeave(t *testing.T, open func(*testing.T, int) Net, sizes allreduce.Sizes, cases [][]int) {
	for _, bounds := range cases {
		n, s := len(bounds)-1, bounds[len(bounds)-1]
		rings := open(t, n).Form(t, bounds, sizes)
		parts, factors := Inputs(s, 3000, 1)
		errs := Each(n, func(r int) error {
			ctx, cancel := deadline(t)
			defer cancel()
			lo, hi := bounds[r], bounds[r+1]
			err := rings[r].At(1).Sum(ctx, make([]float32, 3000), parts[lo:hi], factors[lo:hi])
			_, err2 := rings[r].At(1).Gather(ctx, make([][]float64, hi-lo))
			return errors.Join(err, err2, rings[r].Close())
		})
		if err := errors.Join(errs...); err != nil {
			t.Fatalf("%v: %v", bounds, err)
		}
		if err := rings[0].At(2).Sum(t.Context(), nil, make([][]float32, bounds[1]), make([]float32, bounds[1])); err != allreduce.ErrClosed {
			t.Errorf("closed ring: %v, want ErrClosed", err)
		}
	}
}
