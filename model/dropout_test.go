package model

import (
	"math"
	"testing"

	"github.com/ballast-ml/ballast/internal/rng"
)

func ones(n int) []float32 {
	x := make([]float32, n)
	for i := range x {
		x[i] = 1
	}
	return x
}

func TestDropoutRate(t *testing.T) {
	const width, rows = 64, 200
	for _, rate := range []float32{0.1, 0.5, 0.9} {
		d := newDropout(width, rate, 1, 3)
		keep := 1 / (1 - rate)
		dropped := 0
		for _, v := range d.Forward(Pass{Train: true}, ones(width*rows)) {
			switch v {
			case 0:
				dropped++
			case keep:
			default:
				t.Fatalf("rate %v: output %v, want 0 or %v", rate, v, keep)
			}
		}
		got := float64(dropped) / (width * rows)
		sigma := math.Sqrt(float64(rate*(1-rate)) / (width * rows))
		if math.Abs(got-float64(rate)) > 4*sigma {
			t.Errorf("rate %v: dropped %v", rate, got)
		}
	}
}

// TestDropoutDraws: what is dropped is where the draw of the row's stream is below
// the rate, at every rate.
func TestDropoutDraws(t *testing.T) {
	for _, rate := range []float32{1e-8, 0.1, 0.3, 0.5, 0.75, 0.9} {
		p := Pass{Train: true, Step: 3, First: 4}
		y := newDropout(5000, rate, 1, 2).Forward(p, ones(5000))
		stream := rng.New(1, rng.Dropout, 2, p.Step, uint64(p.First))
		for j, v := range y {
			if dropped := stream.Float32(uint64(j)) < rate; dropped != (v == 0) {
				t.Fatalf("rate %v, unit %d: %v, although the draw is %v", rate, j, v, stream.Float32(uint64(j)))
			}
		}
	}
}

// TestDropoutKey: a mask depends on seed, layer, step and position, each.
func TestDropoutKey(t *testing.T) {
	mask := func(seed uint64, index int, p Pass) []float32 {
		p.Train = true
		return newDropout(50, 0.5, seed, index).Forward(p, ones(50))
	}
	base := mask(1, 2, Pass{Step: 3, First: 4})
	if !sameBits(base, mask(1, 2, Pass{Step: 3, First: 4})) {
		t.Error("the same key gave another mask")
	}
	for name, other := range map[string][]float32{
		"seed":     mask(2, 2, Pass{Step: 3, First: 4}),
		"layer":    mask(1, 3, Pass{Step: 3, First: 4}),
		"step":     mask(1, 2, Pass{Step: 4, First: 4}),
		"position": mask(1, 2, Pass{Step: 3, First: 5}),
	} {
		if sameBits(base, other) {
			t.Errorf("another %s gave the same mask", name)
		}
	}
}

func TestDropoutKeepsNaN(t *testing.T) {
	d := newDropout(100, 0.5, 1, 1)
	x := ones(100)
	for i := range x {
		x[i] = float32(math.NaN())
	}
	for i, v := range d.Forward(Pass{Train: true}, x) {
		if !isNaN(v) {
			t.Fatalf("output %d is %v", i, v)
		}
	}
}
