package scaling

import (
	"testing"
	"time"

	"github.com/ballast-ml/ballast/allreduce"
	"github.com/ballast-ml/ballast/internal/bubble"
)

// simulate runs in virtual time.
func simulate(t *testing.T, net Network, w Workload, v Variant, n, steps int) (r Result) {
	t.Helper()
	bubble.Test(t, func(t *testing.T) {
		var err error
		if r, err = Simulate(t.Context(), net, w, v, n, steps); err != nil {
			t.Fatal(err)
		}
	})
	return r
}

// TestClosedForm compares with the formulas of the textbook where they hold:
// 2(N-1) hops of a chunk each for a sum, N-1 of a record, ⌈log2 N⌉ rounds.
func TestClosedForm(t *testing.T) {
	net := Network{Delay: 3 * time.Millisecond, Rate: 1e6}
	w := Workload{Parameters: 64 * 100, Forward: 7 * time.Millisecond, Backward: 11 * time.Millisecond, Rest: time.Millisecond}
	bytes := func(n int) time.Duration { return time.Duration(float64(allreduce.HeaderSize+n) / net.Rate * 1e9) }
	hops := func(n, length int) time.Duration { return time.Duration(n) * (net.Delay + bytes(length)) }
	near := func(what string, got, want time.Duration) {
		t.Helper()
		if d := got - want; d < -want/500 || d > want/500 {
			t.Errorf("%s: %v, want %v", what, got, want)
		}
	}
	for _, n := range []int{2, 5, 8} {
		r := simulate(t, net, w, Variant{Round: true}, n, 3)
		near("sum", r.Sum, hops(2*(n-1), 4*w.Parameters/n))
		near("normaliser", r.Normaliser, hops(n-1, 24))
		near("report", r.Report, hops(n-1, 40))
		near("step", r.Step, w.Compute()+r.Exposed())
	}
	// In two levels a quarter goes round the group, and a sixteenth across; then
	// each sixteenth goes round the group, at best while others are still under
	// way, at worst one after the other.
	down, across := hops(3, 4*w.Parameters/4), hops(2*3, 4*w.Parameters/16)
	best, worst := down+across+hops(3, 4*w.Parameters/16), down+across+3*hops(4, 4*w.Parameters/16)
	if r := simulate(t, net, w, Variant{Fold: 4}, 16, 1); r.Sum < best || r.Sum > worst {
		t.Errorf("sum in two levels: %v, want %v to %v", r.Sum, best, worst)
	}
	r := simulate(t, net, w, Variant{}, 16, 2)
	want := time.Duration(0)
	for known := 1; known < 16; known *= 2 {
		want += hops(1, (1+24)*known) // a record and its length
	}
	near("normaliser over chords", r.Normaliser, want)
	if _, err := Simulate(t.Context(), net, w, Variant{Fold: 3}, 16, 1); err == nil {
		t.Error("16 nodes are cut into three groups")
	}
}
