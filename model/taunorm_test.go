package model

import (
	"math"
	"slices"
	"testing"
)

// TestNormalizeClassifier: at tau 1 all classes have weights of length 1, at tau
// 0 of the length they had, and the layers before stay as they were.
func TestNormalizeClassifier(t *testing.T) {
	length := func(n *Network, class int) float64 {
		d := n.layers[len(n.layers)-1].(*dense)
		var square float64
		for i := range d.in {
			square += math.Pow(float64(d.weight.v[i*d.out+class]), 2)
		}
		return math.Sqrt(square)
	}
	for _, tau := range []float64{0, 0.5, 1} {
		n := mustNew(t, Config{Arch: "mlp:6", Input: []int{4}, Classes: 3, Seed: 3, Ensemble: 2})
		last := n.layers[len(n.layers)-1].(*dense)
		last.bias.v[1] = 5
		before := slices.Clone(n.Params())
		var was []float64
		for k := range 3 {
			was = append(was, length(n, k))
		}
		n.NormalizeClassifier(tau)
		for k := range 3 {
			if want := math.Pow(was[k], 1-tau); !near(length(n, k), want, 1e-6) {
				t.Errorf("tau %v: class %d has length %v, want %v", tau, k, length(n, k), want)
			}
		}
		if last.bias.v[1] != 0 {
			t.Errorf("tau %v: a bias is left", tau)
		}
		if !sameBits(before[:4*6], n.Params()[:4*6]) {
			t.Errorf("tau %v: the first layer changed", tau)
		}
	}
	defer func() {
		if recover() == nil {
			t.Error("tau 2 did not panic")
		}
	}()
	mustNew(t, Config{Arch: "logistic", Input: []int{4}, Classes: 3}).NormalizeClassifier(2)
}
