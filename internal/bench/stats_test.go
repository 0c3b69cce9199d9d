package bench

import (
	"math"
	"math/rand/v2"
	"testing"
)

func TestMedian(t *testing.T) {
	for _, c := range []struct {
		values []float64
		want   float64
	}{{[]float64{3, 1, 2}, 2}, {[]float64{4, 1, 3, 2}, 2.5}, {[]float64{7}, 7}} {
		if got := Median(c.values); got != c.want {
			t.Errorf("Median(%v) = %v, want %v", c.values, got, c.want)
		}
	}
	if !math.IsNaN(Median(nil)) {
		t.Error("the median of nothing is a number")
	}
}

// TestMedianInterval checks the bounds by what they claim: of samples from one
// distribution, about 95 % have its median between them.
func TestMedianInterval(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	for _, n := range []int{10, 25, 100} {
		const tries = 4000
		held := 0
		for range tries {
			values := make([]float64, n)
			for i := range values {
				values[i] = math.Exp(3 * rnd.NormFloat64()) // the median is 1
			}
			if m, lo, hi := MedianInterval(values); lo > m || m > hi {
				t.Fatalf("%v %v %v", lo, m, hi)
			} else if lo <= 1 && 1 <= hi {
				held++
			}
		}
		if share := float64(held) / tries; share < 0.94 || share > 0.985 {
			t.Errorf("of %d values, %.3f of the intervals hold the median", n, share)
		}
	}
	if m, lo, hi := MedianInterval([]float64{3, 1, 2}); m != 2 || lo != 1 || hi != 3 {
		t.Errorf("%v %v %v", m, lo, hi)
	}
}
