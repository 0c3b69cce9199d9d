package train

import (
	"errors"
	"strings"
	"testing"

	"github.com/ballast-ml/ballast/allreduce"
	"github.com/ballast-ml/ballast/dataset"
)

// explosive is a run whose parameters leave float32's range after one step.
func explosive(t *testing.T) Config {
	cfg := Defaults()
	cfg.Data, cfg.Model, cfg.Batch, cfg.Epochs = "csv:"+writeTable(t, 150), "mlp:8", 32, 1
	cfg.Optimizer, cfg.LR, cfg.Clip, cfg.Warmup = "sgd", 1e38, 0, 0
	return cfg
}

// TestNumericTroubleStops and names the step and the row or the tensors.
func TestNumericTroubleStops(t *testing.T) {
	cfg := explosive(t)
	data, err := dataset.Open(t.Context(), cfg.spec())
	if err != nil {
		t.Fatal(err)
	}
	_, err = oneNode(t.Context(), allreduce.NewMem(), cfg, data, 0, 1)
	numeric, ok := errors.AsType[*NumericError](err)
	if !ok {
		t.Fatalf("error %v, expected a *NumericError", err)
	}
	if numeric.Step < 2 || !(strings.Contains(numeric.What, "row ") || strings.Contains(numeric.What, "layers.")) {
		t.Errorf("error %q names neither row nor layer, or the wrong step", err)
	}
}

// TestNumericTroubleSkipped: the steps are left out on all nodes alike.
func TestNumericTroubleSkipped(t *testing.T) {
	cfg := explosive(t)
	cfg.OnNaN = "skip"
	one, three := inProcess(t, cfg, 1), inProcess(t, cfg, 3)
	if one.ModelSHA256 != three.ModelSHA256 {
		t.Errorf("one node ended with %s, three with %s", one.ModelSHA256, three.ModelSHA256)
	}
	if want := int64(120); one.SamplesSeen != want {
		t.Errorf("%d samples seen, expected %d", one.SamplesSeen, want)
	}
}
