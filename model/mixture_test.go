package model

import (
	"math"
	"slices"
	"testing"
)

// TestEnsemble: a member is the network of its own parameters: the losses are
// the members' mean, the logits the logarithm of their mean probabilities, and
// each gradient is that of one member alone.
func TestEnsemble(t *testing.T) {
	cfg := Config{Arch: "mlp:6,5", Input: []int{4}, Classes: 3, Seed: 3}
	one := mustNew(t, cfg)
	cfg.Ensemble = 3
	n := mustNew(t, cfg)
	b := newBatch(n, 5, 2)
	size := len(one.Params())
	if len(n.Params()) != 3*size || !sameBits(n.Params()[:size], one.Params()) {
		t.Fatal("the first member is not the network without an ensemble")
	}
	if sameBits(n.Params()[size:2*size], one.Params()) {
		t.Fatal("two members start from the same parameters")
	}
	losses := slices.Clone(n.Losses(b.pass, CrossEntropy{}, b.x, b.y))
	n.Backward(b.w, nil)
	grads := slices.Clone(n.Grads())
	logits := slices.Clone(n.Logits(Pass{}, b.x, 5))
	mean, mixed := make([]float64, 5), make([]float64, 15)
	for m := range 3 {
		copy(one.Params(), n.Params()[m*size:])
		for i, l := range one.Losses(b.pass, CrossEntropy{}, b.x, b.y) {
			mean[i] += float64(l) / 3
		}
		one.Backward(b.w, nil)
		if !sameBits(one.Grads(), grads[m*size:][:size]) {
			t.Errorf("the gradient of member %d is not its own", m)
		}
		for row := range 5 {
			z := one.Logits(Pass{}, b.x, 5)[row*3:][:3]
			var sum float64
			for _, v := range z {
				sum += math.Exp(float64(v))
			}
			for k, v := range z {
				mixed[row*3+k] += math.Exp(float64(v)) / sum / 3
			}
		}
	}
	compare(t, "loss", losses, mean, 1e-6)
	for i, p := range mixed {
		mixed[i] = math.Log(p)
	}
	compare(t, "logit", logits, mixed, 1e-6)
}

// TestEnsembleDropout: members drop different activations.
func TestEnsembleDropout(t *testing.T) {
	cfg := Config{Arch: "mlp:40", Input: []int{4}, Classes: 3, Seed: 3, Dropout: 0.5, Ensemble: 2}
	n := mustNew(t, cfg)
	half := len(n.Params()) / 2
	copy(n.Params()[half:], n.Params()[:half])
	b := newBatch(n, 5, 2)
	n.Losses(b.pass, CrossEntropy{}, b.x, b.y)
	if sameBits(n.logits[0], n.logits[1]) {
		t.Error("two members with the same parameters and the same masks")
	}
}
