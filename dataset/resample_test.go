package dataset

import (
	"math"
	"testing"
)

// tailed returns the rows of the glyphs, of which classes have very different
// numbers.
func tailed(t *testing.T) *Set {
	t.Helper()
	d, err := Open(t.Context(), Spec{Data: "glyphs", Seed: 3})
	if err != nil {
		t.Fatal(err)
	}
	return d.Train
}

// TestResample: before its epoch nothing changes; from it on classes come by
// their shares and rows of a class alike, the same ones wherever it is asked.
func TestResample(t *testing.T) {
	set := tailed(t)
	counts := set.Counts()
	shares := make([]float64, len(counts))
	shares[1], shares[2] = 3, 1
	r, err := NewResample(set, shares, 2)
	if err != nil {
		t.Fatal(err)
	}
	plain := Plan{Rows: set.Len(), Batch: 8, Epochs: 4, Seed: 5}
	plan := plain
	plan.Resample = r
	a, b := make([]int32, set.Len()), make([]int32, set.Len())
	for epoch := range 4 {
		plan.Order(a, epoch)
		plain.Order(b, epoch)
		same := true
		for i := range a {
			same = same && a[i] == b[i]
		}
		if same != (epoch < 2) {
			t.Errorf("epoch %d: as without sampling: %v", epoch, same)
		}
	}
	var ones, others int
	seen := map[int32]bool{}
	for epoch := 2; epoch < 12; epoch++ {
		plan.Order(a, epoch)
		for _, row := range a {
			switch set.Label(int(row)) {
			case 1:
				ones++
			case 2:
				others++
				seen[row] = true
			default:
				t.Fatalf("row %d of class %d is drawn", row, set.Label(int(row)))
			}
		}
	}
	n := float64(ones + others)
	// Five standard deviations of a binomial count.
	if got := float64(ones) / n; math.Abs(got-0.75) > 5*math.Sqrt(0.75*0.25/n) {
		t.Errorf("class 1 has a share of %v, want 0.75", got)
	}
	if float64(len(seen)) < 0.9*float64(min(counts[2], others/8)) {
		t.Errorf("%d of %d rows of class 2 are drawn in %d draws", len(seen), counts[2], others)
	}
}

func TestResampleRefuses(t *testing.T) {
	set := tailed(t)
	k := len(set.Counts())
	shares := func(v float64) []float64 {
		s := make([]float64, k)
		s[0] = v
		return s
	}
	for name, s := range map[string][]float64{
		"negative": shares(-1), "NaN": shares(math.NaN()), "infinite": shares(math.Inf(1)), "nothing": shares(0),
		"a class without rows": append(shares(1), 1),
	} {
		if _, err := NewResample(set, s, 0); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
