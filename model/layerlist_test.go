package model

import (
	"strings"
	"testing"
)

// TestLayerList: a list of the layers of a named architecture is that network.
func TestLayerList(t *testing.T) {
	for list, named := range map[string]Config{
		"layers:dense=9/dense=6": {Arch: "mlp:9,6", Input: []int{7}, Norm: "batch", Dropout: 0.3},
		"layers:resmlp=6x2":      {Arch: "resmlp:6x2", Input: []int{7}, Norm: "layer"},
		"layers:conv=6x5/pool=avg/conv=8/pool=max/pool=max/dense=5":    {Input: []int{1, 12, 12}, Norm: "none"},
		"layers:pool=max/conv=4/pool=mean/dense=6":                     {Input: []int{2, 12, 12}, Norm: "group:2"},
		"layers:conv=4x1/conv=6x5/pool=mean":                           {Input: []int{2, 3, 3}, Norm: "batch"},
		"layers:conv=2/" + strings.Repeat("conv=2/", 30) + "pool=mean": {Input: []int{1, 4, 4}, Norm: "layer"},
	} {
		cfg := named
		cfg.Arch, cfg.Classes, cfg.Seed = list, 3, 1
		n := mustNew(t, cfg)
		b := newBatch(n, 4, 5)
		r := run(n, b, CrossEntropy{}, direction(n, 2))
		got, want := inner(b.w, r.Slopes), inner(r.Grads, direction(n, 2))
		if !near(got, want, 1e-4) {
			t.Errorf("%s: Σ w·JVP = %v, ⟨Backward, v⟩ = %v", list, got, want)
		}
		if named.Arch == "" {
			continue
		}
		named.Classes, named.Seed = 3, 1
		other := mustNew(t, named)
		if !r.same(run(other, newBatch(other, 4, 5), CrossEntropy{}, direction(other, 2))) {
			t.Errorf("%s is not %s", list, named.Arch)
		}
	}
}

func TestLayerListErrors(t *testing.T) {
	for list, want := range map[string]string{
		"layers":                   "want layers:LAYER",
		"layers:":                  "want layers:LAYER",
		"layers:dense=8//":         `layer 2, ""`,
		"layers:dense=08":          `number "08"`,
		"layers:dense=8x2":         "want dense=WIDTH",
		"layers:conv=8x3":          "an odd size other than 3",
		"layers:conv=8x4":          "an odd size",
		"layers:pool=min":          "pool=max",
		"layers:dense=4/conv=8":    `layer 2, "conv=8": what it gets has shape (4)`,
		"layers:pool=max/pool=max": "of at least 2x2",
		"layers:" + strings.Repeat("dense=1/", 64) + "dense=1": "65 layers",
	} {
		_, err := New(Config{Arch: list, Input: []int{1, 3, 3}, Classes: 2})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want one that says %q", list, err, want)
		}
	}
}
