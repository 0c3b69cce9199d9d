package model

import (
	"math"
	"testing"
)

// TestCosineLengths: no logit depends on a length, and none is above the scale.
func TestCosineLengths(t *testing.T) {
	n := mustNew(t, Config{Arch: "logistic", Input: []int{7}, Classes: 3, Seed: 1, Cosine: 5})
	b := newBatch(n, 6, 3)
	want := append([]float32(nil), n.Logits(b.pass, b.x, 6)...)
	for i := range b.x {
		b.x[i] *= 8
	}
	for i := range n.Params() {
		n.Params()[i] /= 4
	}
	got := n.Logits(b.pass, b.x, 6)
	if !sameBits(want, got) {
		t.Errorf("other lengths, other logits: %v, were %v", got, want)
	}
	for _, z := range got {
		if math.Abs(float64(z)) > 5.00001 {
			t.Errorf("logit %v, the scale is 5", z)
		}
	}
}

// TestCosineOfNothing: a row of zeros has no direction, and no gradient.
func TestCosineOfNothing(t *testing.T) {
	n := mustNew(t, Config{Arch: "mlp:4", Input: []int{3}, Classes: 2, Seed: 1, Cosine: 5})
	n.Losses(Pass{Train: true}, CrossEntropy{}, make([]float32, 3), []int32{1})
	if l := n.losses[0]; math.Abs(float64(l)-math.Ln2) > 1e-6 {
		t.Errorf("loss %v, want log 2", l)
	}
	n.Backward([]float32{1}, nil)
	for i, g := range n.Grads() {
		if g != 0 {
			t.Errorf("gradient %d is %v", i, g)
		}
	}
}
