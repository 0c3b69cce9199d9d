package allreduce_test

import (
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/ballast-ml/ballast/allreduce"
	"github.com/ballast-ml/ballast/allreduce/allreducetest"
	"github.com/ballast-ml/ballast/internal/bubble"
)

// TestEarlyFrames lets all nodes but one get as far as they can before that
// one begins: its receiver parks what comes.
func TestEarlyFrames(t *testing.T) {
	bubble.Test(t, func(t *testing.T) {
		bounds := allreducetest.Bounds(8, 3)
		net, _ := memNet(3)
		rings := net.Form(t, bounds, small)
		begin := make(chan struct{})
		done := make(chan []error)
		go func() {
			done <- allreducetest.Each(3, func(r int) error {
				if r == 1 {
					<-begin
				}
				return step(t.Context(), rings[r], bounds, r)
			})
		}()
		synctest.Wait()
		close(begin)
		if err := errors.Join(<-done...); err != nil {
			t.Error(err)
		}
	})
}

// TestPark sends more early frames than a node wants to keep.
func TestPark(t *testing.T) {
	bubble.Test(t, func(t *testing.T) {
		bounds := allreducetest.Bounds(8, 3)
		net, _ := memNet(3)
		rings := make([]*allreduce.Ring, 3)
		if err := errors.Join(allreducetest.Each(3, func(r int) (err error) {
			sizes := small
			if r == 1 {
				sizes.Park = 300
			}
			rings[r], err = allreduce.Form(t.Context(), net.Transports[r], net.Topology(r, bounds, sizes))
			return err
		})...); err != nil {
			t.Fatal(err)
		}
		errs := allreducetest.Each(3, func(r int) error {
			if r == 1 {
				synctest.Wait()
			}
			_, err := rings[r].At(0).Gather(t.Context(), make([][]float64, bounds[r+1]-bounds[r]))
			if err == nil {
				err = step(t.Context(), rings[r], bounds, r)
			}
			return err
		})
		pe, ok := errors.AsType[*allreduce.PeerError](errs[1])
		if !ok || pe.Rank != 0 || !errors.Is(pe, allreduce.ErrPark) {
			t.Errorf("%v, want a PeerError of rank 0: ErrPark", errs[1])
		}
		for _, ring := range rings {
			ring.Close()
		}
	})
}

// TestLateBroadcast sends a late node more than it can park.
func TestLateBroadcast(t *testing.T) {
	bubble.Test(t, func(t *testing.T) {
		bounds := allreducetest.Bounds(8, 3)
		net, _ := memNet(3)
		sizes := small
		sizes.Park = 10_000
		rings := net.Form(t, bounds, sizes)
		state := make([]byte, 200_000)
		errs := allreducetest.Each(3, func(r int) error {
			if r == 2 {
				synctest.Wait()
			}
			got, err := rings[r].At(0).Broadcast(t.Context(), 0, state)
			if err == nil && len(got) != len(state) {
				err = errors.New("cut short")
			}
			return err
		})
		if err := errors.Join(errs...); err != nil {
			t.Error(err)
		}
	})
}

// TestSparesHoldBack checks that a node with all the shards cannot run ahead
// of the spares that only listen.
func TestSparesHoldBack(t *testing.T) {
	bubble.Test(t, func(t *testing.T) {
		bounds := []int{0, 8, 8}
		net, _ := memNet(2)
		sizes := small
		sizes.Park = 3000
		rings := net.Form(t, bounds, sizes)
		parts, factors := allreducetest.Inputs(8, 100, 1)
		var steps atomic.Int64
		done := make(chan error)
		go func() {
			var err error
			for k := uint64(0); k < 5 && err == nil; k++ {
				err = rings[0].At(k).Sum(t.Context(), make([]float32, 100), parts, factors)
				steps.Add(1)
			}
			done <- err
		}()
		synctest.Wait()
		if n := steps.Load(); n != 0 {
			t.Errorf("%d steps ahead of the spare", n)
		}
		for k := range uint64(5) {
			if err := rings[1].At(k).Sum(t.Context(), make([]float32, 100), nil, nil); err != nil {
				t.Fatal(err)
			}
		}
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}
