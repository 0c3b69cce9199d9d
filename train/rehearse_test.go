package train

import (
	"context"
	"testing"

	"github.com/ballast-ml/ballast/allreduce"
	"github.com/ballast-ml/ballast/dataset"
)

// TestRehearse wants the steps of a rehearsal to be those of a run: the same
// losses, on one node and on two.
func TestRehearse(t *testing.T) {
	cfg := Defaults()
	cfg.Model, cfg.Batch, cfg.Steps = "mlp:16", 32, 7
	data := dataset.Noise([]int{1, 6, 6}, 3, 64, 1)
	rehearse := func(nodes int) []StepDone {
		mem := allreduce.NewMem()
		var all []StepDone
		done := make(chan error)
		for rank := range nodes {
			go func() {
				top := allreduce.Topology{Run: "rehearsal", Generation: 1, Rank: rank, Names: []string{"a", "b"}[:nodes], Shards: []int{0, 8}}
				if nodes == 2 {
					top.Shards = []int{0, 3, 8}
				}
				ring, err := allreduce.Form(t.Context(), mem, top)
				if err == nil {
					defer ring.Close()
					o := Observer{}
					if rank == 0 {
						o.StepDone = func(s StepDone) { s.Phases = Phases{}; all = append(all, s) }
					}
					err = Rehearse(t.Context(), cfg, data, ring, top, o)
				}
				done <- err
			}()
		}
		for range nodes {
			if err := <-done; err != nil {
				t.Error(err)
			}
		}
		return all
	}
	one, two := rehearse(1), rehearse(2)
	if len(one) != 7 || len(two) != 7 {
		t.Fatalf("%d and %d steps, want 7", len(one), len(two))
	}
	for i := range one {
		if one[i] != two[i] {
			t.Errorf("step %d: %+v on one node, %+v on two", i, one[i], two[i])
		}
	}
	if one[0].Loss == one[6].Loss {
		t.Error("nothing is learnt")
	}
	cfg.Model = "resnet20"
	if err := Rehearse(t.Context(), cfg, data, nil, allreduce.Topology{}, Observer{}); err == nil {
		t.Error("a model that does not fit the data is taken")
	}
}

// sharing is a network whose links lend memory of their own, as one does that
// shares it, and remember how much. Nothing is read there in place.
type sharing struct {
	*allreduce.Mem
	lent chan int // floats of each vector
}

type sharingLink struct {
	allreduce.Link
	*allreduce.Pool
	lent chan int
}

func (s sharing) Open(ctx context.Context, t allreduce.Topology) (allreduce.Link, error) {
	l, err := s.Mem.Open(ctx, t)
	return sharingLink{l, new(allreduce.Pool), s.lent}, err
}

func (l sharingLink) Alloc(n int) []float32 {
	l.lent <- n
	return make([]float32, n)
}

func (l sharingLink) Refer([]float32) *allreduce.Frame { return nil }
func (l sharingLink) Settle(context.Context) error     { return nil }

// TestGradientsLieInMemoryOfTheRing: the sum, and the gradient of each local
// shard, where the neighbours can read them.
func TestGradientsLieInMemoryOfTheRing(t *testing.T) {
	cfg := Defaults()
	cfg.Model, cfg.Batch, cfg.Steps = "logistic", 32, 2
	data := dataset.Noise([]int{1, 6, 6}, 3, 64, 1)
	net := sharing{allreduce.NewMem(), make(chan int, 100)}
	done := make(chan error)
	for rank := range 2 {
		go func() {
			top := allreduce.Topology{Run: "lent", Generation: 1, Rank: rank, Names: []string{"a", "b"}, Shards: []int{0, 3, 8}}
			ring, err := allreduce.Form(t.Context(), net, top)
			if err == nil {
				defer ring.Close()
				err = Rehearse(t.Context(), cfg, data, ring, top, Observer{})
			}
			done <- err
		}()
	}
	for range 2 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	close(net.lent)
	vectors := 0
	for n := range net.lent {
		if n != 112+16 { // 36·3 weights and 3 biases, both in multiples of 16
			t.Errorf("a vector of %d floats is lent", n)
		}
		vectors++
	}
	if vectors != 3+5+2 {
		t.Errorf("%d vectors lie in memory of the ring, want a gradient for each of 8 shards and a sum for each of 2 nodes", vectors)
	}
}
