package stats

import (
	"math"
	"testing"
)

func near(t *testing.T, name string, got, want, tolerance float64) {
	t.Helper()
	if !(math.Abs(got-want) <= tolerance) {
		t.Errorf("%s: %v, expected %v", name, got, want)
	}
}

// TestSignedRankDumb compares with the definition: all 2^n signs.
func TestSignedRankDumb(t *testing.T) {
	for _, d := range [][]float64{
		{1, 2, 3, 4, 5}, {-1, 2, 3, -4, 5}, {1, 1, -1, 2, 2, -3, 3}, {0, 5, -2, 2, 8, 8, -1, 0.5}, {3}, {-3, 3},
	} {
		var kept []float64
		for _, v := range d {
			if v != 0 {
				kept = append(kept, v)
			}
		}
		ranks := make([]float64, len(kept))
		var total, positive float64
		for i, v := range kept {
			for _, w := range kept {
				if math.Abs(w) < math.Abs(v) {
					ranks[i]++
				} else if math.Abs(w) == math.Abs(v) {
					ranks[i] += 0.5
				}
			}
			ranks[i] += 0.5
			total += ranks[i]
			if v > 0 {
				positive += ranks[i]
			}
		}
		extreme := 0.0
		for signs := range 1 << len(kept) {
			var s float64
			for i := range kept {
				if signs>>i&1 == 1 {
					s += ranks[i]
				}
			}
			if math.Abs(s-total/2) >= math.Abs(positive-total/2)-1e-9 {
				extreme++
			}
		}
		near(t, "p", SignedRank(d), extreme/float64(int(1)<<len(kept)), 1e-12)
	}
	near(t, "five of one sign", SignedRank([]float64{1, 2, 3, 4, 5}), 0.0625, 0)
	if p := SignedRank([]float64{0, 0}); p == p {
		t.Errorf("no difference at all: %v", p)
	}
}

// TestSignedRankLarge: where the approximation takes over it agrees with what is
// exact.
func TestSignedRankLarge(t *testing.T) {
	var d []float64
	for i := range exactPairs {
		v := float64(i + 1)
		if i%3 == 0 {
			v = -v
		}
		d = append(d, v)
	}
	exact := SignedRank(d)
	longer := append(append([]float64{}, d...), 0.5, -0.4) // two more, with the least weight
	near(t, "approximation", SignedRank(longer), exact, 0.2*exact)
}

func TestMoments(t *testing.T) {
	near(t, "mean", Mean([]float64{1, 2, 6}), 3, 0)
	near(t, "deviation", Deviation([]float64{1, 2, 6}), math.Sqrt(7), 1e-15)
	if v := Deviation([]float64{1}); v == v {
		t.Error("one number has a deviation")
	}
}

func TestBootstrapMean(t *testing.T) {
	x := []float64{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}
	low, high := BootstrapMean(x, 4000, 0.95, 1)
	again, _ := BootstrapMean(x, 4000, 0.95, 1)
	if low != again || !(low < 5.5 && 5.5 < high) {
		t.Errorf("%v to %v, then from %v", low, high, again)
	}
	near(t, "width", high-low, 2*1.96*math.Sqrt(8.25/10), 0.3)
	if low, high := BootstrapMean([]float64{2, 2}, 10, 0.95, 1); low != 2 || high != 2 {
		t.Errorf("a constant: %v to %v", low, high)
	}
}
