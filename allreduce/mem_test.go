package allreduce_test

import (
	"errors"
	"testing"

	"github.com/ballast-ml/ballast/allreduce"
	"github.com/ballast-ml/ballast/allreduce/allreducetest"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// memNet is a net of nodes on one Mem.
func memNet(nodes int) (allreducetest.Net, *allreduce.Mem) {
	m := allreduce.NewMem()
	var net allreducetest.Net
	for range nodes {
		net.Transports = append(net.Transports, m)
	}
	net.Kill = func(r int) { m.Crash(allreducetest.Name(r)) }
	return net, m
}

func TestMem(t *testing.T) {
	allreducetest.Run(t, func(t *testing.T, nodes int) allreducetest.Net {
		net, _ := memNet(nodes)
		return net
	})
}

// TestCut cuts an edge under a ring, and then between two rings.
func TestCut(t *testing.T) {
	net, m := memNet(3)
	bounds := allreducetest.Bounds(8, 3)
	rings := net.Form(t, bounds, allreduce.Sizes{})
	from, to := allreducetest.Name(1), allreducetest.Name(2)
	m.Cut(from, to)
	errs := allreducetest.Each(3, func(r int) error {
		_, err := rings[r].At(5).Gather(t.Context(), make([][]float64, bounds[r+1]-bounds[r]))
		return err
	})
	for r, err := range errs {
		pe, ok := errors.AsType[*allreduce.PeerError](err)
		if !ok || r > 0 && pe.Rank != 3-r || pe.Rank == 0 || !errors.Is(err, allreduce.ErrLost) {
			t.Errorf("rank %d: %v, want %s and %s to have lost each other", r, err, from, to)
		}
	}
	form := func(generation uint64) error {
		return errors.Join(allreducetest.Each(3, func(r int) error {
			top := net.Topology(r, bounds, allreduce.Sizes{})
			top.Generation = generation
			ring, err := allreduce.Form(t.Context(), m, top)
			if err == nil {
				t.Cleanup(func() { ring.Close() })
			}
			return err
		})...)
	}
	top := net.Topology(1, bounds, allreduce.Sizes{})
	top.Generation = 2
	if _, err := allreduce.Form(t.Context(), m, top); !errors.Is(err, allreduce.ErrLost) {
		t.Errorf("Form over a cut edge: %v, want ErrLost", err)
	}
	m.Mend(from, to)
	if err := form(3); err != nil {
		t.Error(err)
	}
}
