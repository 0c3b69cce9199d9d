package rng_test

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/ballast-ml/ballast/internal/rng"
)

// TestGolden pins draws: they are part of the numeric contract.
func TestGolden(t *testing.T) {
	s := rng.New(1, rng.Dropout, 2, 3, 4)
	for i, want := range []uint64{0x97b54d9db00e8333, 0xbd58a5da82b27df0, 0x4e49a6036811d86c} {
		if got := s.Uint64(uint64(i)); got != want {
			t.Errorf("draw %d is %#x, expected %#x", i, got, want)
		}
	}
}

// TestStreamsDiffer in seed, purpose, any coordinate, and the order of
// coordinates.
func TestStreamsDiffer(t *testing.T) {
	seen := map[uint64]string{}
	for name, s := range map[string]rng.Stream{
		"base": rng.New(1, rng.Init, 2, 3), "seed": rng.New(2, rng.Init, 2, 3), "purpose": rng.New(1, rng.Dropout, 2, 3),
		"first": rng.New(1, rng.Init, 3, 3), "second": rng.New(1, rng.Init, 2, 2), "swapped": rng.New(1, rng.Init, 3, 2),
		"fewer": rng.New(1, rng.Init, 2), "more": rng.New(1, rng.Init, 2, 3, 0), "none": rng.New(1, rng.Init),
	} {
		draw := s.Uint64(0)
		if other, ok := seen[draw]; ok {
			t.Errorf("%s and %s begin alike", name, other)
		}
		seen[draw] = name
	}
}

// TestUniform: a chi-squared test of the high and of the low bits, over draws
// of one stream and over the first draws of many.
func TestUniform(t *testing.T) {
	const n, bins = 1 << 16, 64
	one := rng.New(7, rng.Glyph)
	for name, draw := range map[string]func(i int) float64{
		"draws of a stream": func(i int) float64 { return one.Float64(uint64(i)) },
		"float32":           func(i int) float64 { return float64(one.Float32(uint64(i))) },
		"streams":           func(i int) float64 { return rng.New(7, rng.Dropout, uint64(i)).Float64(0) },
		"low bits":          func(i int) float64 { return float64(one.Uint64(uint64(i))%bins) / bins },
		"IntN":              func(i int) float64 { return float64(one.IntN(uint64(i), bins)) / bins },
	} {
		var count [bins]float64
		for i := range n {
			x := draw(i)
			if x < 0 || x >= 1 {
				t.Fatalf("%s: %v is not in [0, 1)", name, x)
			}
			count[int(x*bins)]++
		}
		var chi float64
		for _, c := range count {
			chi += (c - n/bins) * (c - n/bins) / (n / bins)
		}
		// 63 degrees of freedom: 126 has a probability of 4e-6.
		if chi > 126 || chi < 25 {
			t.Errorf("%s: chi-squared %v over %d bins", name, chi, bins)
		}
	}
}

func TestNorm(t *testing.T) {
	const n = 1 << 16
	s := rng.New(3, rng.Glyph, 1)
	var sum, square float64
	for i := range n {
		x := s.Norm(uint64(i))
		sum += x
		square += x * x
	}
	if mean, variance := sum/n, square/n; math.Abs(mean) > 0.02 || math.Abs(variance-1) > 0.03 {
		t.Errorf("mean %v, variance %v", mean, variance)
	}
}

// TestPerm: a permutation, the same each time, another for another epoch.
func TestPerm(t *testing.T) {
	p, again, other := make([]int32, 101), make([]int32, 101), make([]int32, 101)
	rng.New(1, rng.Shuffle, 5).Perm(p)
	rng.New(1, rng.Shuffle, 5).Perm(again)
	rng.New(1, rng.Shuffle, 6).Perm(other)
	if !slices.Equal(p, again) || slices.Equal(p, other) {
		t.Error("the order is not a function of the epoch")
	}
	slices.Sort(p)
	for i, v := range p {
		if int(v) != i {
			t.Fatalf("not a permutation: %v", p)
		}
	}
}

func TestIntNPanics(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("IntN of 0 did not panic")
		}
	}()
	rng.New(1, rng.Init).IntN(0, 0)
}

// A dropout mask is the same whoever asks for it, in whatever order.
func Example() {
	mask := rng.New(42, rng.Dropout, 1, 1000, 17) // layer 1, step 1000, position 17
	fmt.Println(mask.Float32(2) < 0.3, mask.Float32(0) < 0.3, mask.Float32(2) < 0.3)
	// Output: false true false
}
