package train

import (
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
