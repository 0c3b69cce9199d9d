package train

import (
	"math"
	"testing"

	"github.com/ballast-ml/ballast/allreduce"
	"github.com/ballast-ml/ballast/dataset"
)

// TestFoldChangesRoundingAlone: another word is another model, with any number
// of nodes the same, and it has learnt as much.
func TestFoldChangesRoundingAlone(t *testing.T) {
	cfg := Defaults()
	cfg.Data, cfg.Model, cfg.Norm, cfg.Lambda, cfg.Epochs, cfg.Batch = "csv:"+writeTable(t, 211), "mlp:16,8", "batch", "2", 3, 37
	ring := inProcess(t, cfg, 1)
	seen := map[string]int{ring.ModelSHA256: 0}
	for _, fold := range []int{2, 4} {
		cfg.Fold = fold
		want := inProcess(t, cfg, 1)
		if other, ok := seen[want.ModelSHA256]; ok {
			t.Errorf("--fold %d trains the model of --fold %d", fold, other)
		}
		seen[want.ModelSHA256] = fold
		if a, b := want.Test.LogLoss, ring.Test.LogLoss; math.Abs(a-b) > 1e-4*b {
			t.Errorf("--fold %d: test loss %v, in one ring %v", fold, a, b)
		}
		for _, nodes := range []int{2, 3, 4, 5, 7, 8} {
			if got := inProcess(t, cfg, nodes); got.ModelSHA256 != want.ModelSHA256 {
				t.Errorf("--fold %d: %d nodes: model %s, one node: %s", fold, nodes, got.ModelSHA256, want.ModelSHA256)
			}
		}
	}
}

// TestFoldTrainsAlone: a model of a study is that of a run.
func TestFoldTrainsAlone(t *testing.T) {
	cfg := Defaults()
	cfg.Data, cfg.Model, cfg.Epochs, cfg.Batch, cfg.Fold = "csv:"+writeTable(t, 150), "mlp:8", 1, 32, 4
	data, err := dataset.Open(t.Context(), cfg.spec())
	if err != nil {
		t.Fatal(err)
	}
	_, alone, err := Alone(t.Context(), cfg, data, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if want := inProcess(t, cfg, 3).ModelSHA256; alone.ModelSHA256 != want {
		t.Errorf("alone %s, on nodes %s", alone.ModelSHA256, want)
	}
}

// TestRehearseWantsTheRingOfItsFold: a ring with other groups would compute
// something else.
func TestRehearseWantsTheRingOfItsFold(t *testing.T) {
	cfg := Defaults()
	cfg.Model, cfg.Steps, cfg.Fold = "mlp:16", 1, 4
	err := Rehearse(t.Context(), cfg, dataset.Noise([]int{1, 6, 6}, 3, 64, 1), nil, allreduce.Topology{}, Observer{})
	if err == nil || err.Error() != "--fold 4: the ring sums in 0 groups" {
		t.Errorf("error %v", err)
	}
}
