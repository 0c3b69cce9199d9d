package optimizer

import (
	"math"
	"testing"
)

// TestParts: a part with a factor moves as with that learning rate, one with
// factor 0 stays, decay included, and the others do not notice.
func TestParts(t *testing.T) {
	for _, name := range []string{"sgd", "nesterov", "adam", "adamw"} {
		step := func(lr float64, parts []Part) []float32 {
			o, err := New(Config{Name: name, LR: lr, Momentum: 0.9, WeightDecay: 0.25, Parts: parts}, 6)
			if err != nil {
				t.Fatal(err)
			}
			params := []float32{1, -2, 3, -4, 5, -6}
			for range 3 {
				o.Step(params, []float32{0.5, 0.25, -1, 2, 0, 1}, At{Steps: 3})
			}
			return params
		}
		whole, quarter := step(0.5, nil), step(0.125, nil)
		got := step(0.5, []Part{{0, 2, 0.25}, {4, 5, 0}, {5, 6, 1}})
		want := []float32{quarter[0], quarter[1], whole[2], whole[3], 5, whole[5]}
		for i := range want {
			if math.Float32bits(got[i]) != math.Float32bits(want[i]) {
				t.Errorf("%s, parameter %d: %v, want %v", name, i, got[i], want[i])
			}
		}
	}
	for _, p := range []Part{{0, 7, 1}, {-1, 2, 1}, {3, 2, 1}, {0, 2, -1}, {0, 2, math.NaN()}, {0, 2, math.Inf(1)}} {
		if _, err := New(Config{Name: "sgd", LR: 1, Parts: []Part{p}}, 6); err == nil {
			t.Errorf("%+v was accepted", p)
		}
	}
}
