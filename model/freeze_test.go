package model

import (
	"slices"
	"strings"
	"testing"
)

// TestFreeze: frozen tensors have no gradient, the others the one they would
// have, and a frozen batch norm is as in evaluation and keeps its statistics.
func TestFreeze(t *testing.T) {
	for _, cfg := range []Config{
		{Arch: "mlp:6,5", Input: []int{4}, Classes: 3, Seed: 3},
		{Arch: "mlp:6,5", Input: []int{4}, Classes: 3, Seed: 3, Ensemble: 2},
		{Arch: "resnet20", Input: []int{1, 8, 8}, Classes: 3, Seed: 3, Norm: "group:4"},
	} {
		free := mustNew(t, cfg)
		b := newBatch(free, 5, 2)
		want := run(free, b, CrossEntropy{}, direction(free, 1))
		for _, name := range []string{"features", "classifier", "*layers.0.weight", "*layers.[24].*"} {
			cfg.Freeze = []string{name}
			n := mustNew(t, cfg).Replica()
			frozen, err := n.Select(name)
			if err != nil {
				t.Fatal(err)
			}
			n.Losses(b.pass, CrossEntropy{}, b.x, b.y)
			last := len(n.Grads())
			n.Backward(b.w, func(from int) {
				if from >= last {
					t.Errorf("%s, %s: final from %d after %d", cfg.Arch, name, from, last)
				}
				last = from
			})
			if last != 0 {
				t.Errorf("%s, %s: the last call was with %d", cfg.Arch, name, last)
			}
			for _, x := range n.Tensors() {
				got, ref := n.Grads()[x.Offset:][:len(x.Data)], want.Grads[x.Offset:][:len(x.Data)]
				if slices.ContainsFunc(frozen, func(f Tensor) bool { return f.Name == x.Name }) {
					ref = make([]float32, len(got))
				}
				if !sameBits(got, ref) {
					t.Errorf("%s, %s: the gradient of %s is not as it should be", cfg.Arch, name, x.Name)
				}
			}
		}
	}
}

func TestFreezeNorm(t *testing.T) {
	cfg := Config{Arch: "mlp:6", Input: []int{4}, Classes: 3, Seed: 3, Norm: "batch", Freeze: []string{"features"}}
	n := mustNew(t, cfg)
	b := newBatch(n, 5, 2)
	before := slices.Clone(n.Running())
	train := slices.Clone(n.Logits(b.pass, b.x, 5))
	stats := make([]float32, len(n.Running()))
	for i := range stats {
		stats[i] = 7
	}
	n.Blend(stats)
	if !sameBits(before, n.Running()) {
		t.Error("a frozen batch norm took statistics")
	}
	if !sameBits(train, n.Logits(Pass{}, b.x, 5)) {
		t.Error("a frozen batch norm differs between training and evaluation")
	}
}

func TestFreezeErrors(t *testing.T) {
	for names, want := range map[string]string{
		"layers.9.*":          "names no tensor",
		"[":                   "syntax error",
		"features,classifier": "there is nothing to train",
	} {
		_, err := New(Config{Arch: "mlp:6", Input: []int{4}, Classes: 3, Freeze: strings.Split(names, ",")})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want one that says %q", names, err, want)
		}
	}
}
