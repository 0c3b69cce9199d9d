package logsum_test

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/ballast-ml/ballast/internal/logsum"
)

var inf, nan = math.Inf(1), math.NaN()

func TestOf(t *testing.T) {
	tests := []struct {
		name string
		a    []float64
		want [3]float64
	}{
		{"empty", nil, [3]float64{-inf, 0, 0}},
		{"one", []float64{3}, [3]float64{3, 1, 1}},
		{"equal", []float64{-2, -2, -2}, [3]float64{-2, 3, 3}},
		{"huge", []float64{1e6, 1e6, -1e6}, [3]float64{1e6, 2, 3}},
		{"a zero", []float64{-inf, 5}, [3]float64{5, 1, 2}},
		{"only zeros", []float64{-inf, -inf}, [3]float64{-inf, 0, 2}},
		{"NaN", []float64{1, nan, 2}, [3]float64{nan, nan, 3}},
		{"+Inf", []float64{1, inf}, [3]float64{nan, nan, 2}},
	}
	for _, tt := range tests {
		if diff := cmp.Diff(tt.want, logsum.Of(tt.a), cmpopts.EquateNaNs()); diff != "" {
			t.Errorf("%s: Of (-want +got):\n%s", tt.name, diff)
		}
	}
}

func TestTerms(t *testing.T) {
	for _, a := range [][]float64{nil, {3}, {0.5, -1, 700, 699}, {-inf, 5}, {-inf, -inf}, {1, nan}, {inf}} {
		terms := slices.Clone(a)
		got, want := logsum.Terms(terms), logsum.Of(a)
		if diff := cmp.Diff(want, got, cmpopts.EquateNaNs()); diff != "" {
			t.Errorf("%v: Terms and Of differ (-want +got):\n%s", a, diff)
		}
		for i, q := range terms {
			switch {
			case math.IsNaN(want[1]) != math.IsNaN(q):
				t.Errorf("%v: term %d = %v of a sum of %v", a, i, q, want[1])
			case q < 0 || q > 1 || (a[i] == want[0] && want[1] > 0 && q != 1):
				t.Errorf("%v: term %d = %v", a, i, q)
			}
		}
	}
}

func TestFold(t *testing.T) {
	id := logsum.Identity()
	poison := [3]float64{nan, nan, 1}
	tests := []struct {
		name       string
		x, y, want [3]float64
	}{
		{"identities", id, id, id},
		{"identity left", id, [3]float64{4, 0.7, 3}, [3]float64{4, 0.7, 3}},
		{"identity right", [3]float64{4, 0.7, 3}, id, [3]float64{4, 0.7, 3}},
		{"equal maxima add exactly", [3]float64{1, 1.25, 2}, [3]float64{1, 2.5, 3}, [3]float64{1, 3.75, 5}},
		{"far apart", [3]float64{-1e6, 2, 2}, [3]float64{1e6, 3, 3}, [3]float64{1e6, 3, 5}},
		{"zeros", [3]float64{-inf, 0, 2}, [3]float64{-inf, 0, 3}, [3]float64{-inf, 0, 5}},
		{"zeros and numbers", [3]float64{-inf, 0, 2}, [3]float64{7, 1, 1}, [3]float64{7, 1, 3}},
		{"poison left", poison, [3]float64{7, 1, 1}, [3]float64{nan, nan, 2}},
		{"poison right", [3]float64{7, 1, 1}, poison, [3]float64{nan, nan, 2}},
		{"poison and identity", id, poison, poison},
		{"poisoned sum", [3]float64{7, nan, 1}, [3]float64{7, 1, 1}, [3]float64{nan, nan, 2}},
		{"infinite maximum", [3]float64{inf, 1, 1}, [3]float64{7, 1, 1}, [3]float64{nan, nan, 2}},
	}
	for _, tt := range tests {
		if diff := cmp.Diff(tt.want, logsum.Fold(tt.x, tt.y), cmpopts.EquateNaNs()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
}

// TestFoldLaws: whatever the split, the fold stands for all numbers, and the
// order of two triples makes no difference.
func TestFoldLaws(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := rapid.SliceOfN(rapid.Float64Range(-1e6, 1e6), 1, 30).Draw(t, "a")
		cut := rapid.IntRange(0, len(a)).Draw(t, "cut")
		x, y := logsum.Of(a[:cut]), logsum.Of(a[cut:])
		if logsum.Fold(x, y) != logsum.Fold(y, x) {
			t.Fatalf("not commutative: %v, %v", x, y)
		}
		got, want := logsum.Fold(x, y), logsum.Of(a)
		if got[0] != want[0] || got[2] != want[2] || math.Abs(got[1]-want[1]) > 1e-14*want[1] {
			t.Fatalf("fold %v, whole %v", got, want)
		}
	})
}

func TestLog(t *testing.T) {
	if got := logsum.Log(logsum.Of([]float64{1000, 1000})); got != 1000+math.Ln2 {
		t.Errorf("log of 2e^1000 = %v", got)
	}
	if got := logsum.Log(logsum.Identity()); got != -inf {
		t.Errorf("log of nothing = %v", got)
	}
	if got := logsum.Log(logsum.Of([]float64{nan})); !math.IsNaN(got) {
		t.Errorf("log of poison = %v", got)
	}
}

func Example() {
	total := logsum.Identity()
	for _, shard := range [][]float64{{1000, 999}, {}, {1001}} {
		total = logsum.Fold(total, logsum.Of(shard))
	}
	fmt.Printf("%v numbers, log of the sum of their exponentials %.6f\n", total[2], logsum.Log(total))
	// Output: 3 numbers, log of the sum of their exponentials 1001.407606
}
