package optimizer

import (
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func mustGroups(t testing.TB, cfg GroupDROConfig) *GroupDRO {
	return mustWeigher(NewGroupDRO(cfg))(t)
}

// TestGroupDROEnds: one group is plain averaging; without a rate each group
// weighs the same.
func TestGroupDROEnds(t *testing.T) {
	losses := drawLosses(1, 40)
	one, _ := step(t, mustGroups(t, GroupDROConfig{Counts: []int{40}, Eta: 0.5}), At{}, cut(losses, make([]int32, 40), uneven(40)))
	want, _ := step(t, &ERM{}, At{}, cut(losses, nil, uneven(40)))
	if diff := cmp.Diff(want, one, cmpopts.EquateApprox(1e-7, 0)); diff != "" {
		t.Errorf("one group (-erm):\n%s", diff)
	}
	labels := drawLabels(2, 40, 3)
	even, _ := step(t, mustGroups(t, GroupDROConfig{Counts: []int{9, 9, 9}}), At{}, cut(losses, labels, uneven(40)))
	var mass, number [3]float64
	for i, y := range labels {
		mass[y] += float64(even[i])
		number[y]++
	}
	for g := range mass {
		if math.Abs(mass[g]-1./3) > 1e-6 {
			t.Errorf("group %d of %v samples has the weight %v, want 1/3", g, number[g], mass[g])
		}
	}
}

// TestGroupDRO: the published update by hand, with a group that is absent.
func TestGroupDRO(t *testing.T) {
	w := mustGroups(t, GroupDROConfig{Counts: []int{100, 25, 4}, Eta: 0.5, Adjust: 2})
	losses, labels := []float32{1, 3, 4}, []int32{0, 0, 1}
	got, _ := step(t, w, At{}, cut(losses, labels, []int{1, 2}))
	q := []float64{math.Exp(0.5 * (2 + 2./10)), math.Exp(0.5 * (4 + 2./5)), 1}
	sum := q[0] + q[1] + q[2]
	for i, want := range []float64{q[0] / sum / 2, q[0] / sum / 2, q[1] / sum} {
		if math.Abs(float64(got[i])-want) > 1e-7 {
			t.Errorf("w[%d] = %v, want %v", i, got[i], want)
		}
	}
	state := w.State()
	for g := range q {
		if math.Abs(math.Exp(state[g])-q[g]/sum) > 1e-12 {
			t.Errorf("share of group %d: %v, want %v", g, math.Exp(state[g]), q[g]/sum)
		}
	}
	// A group that loses for long has no share, and can have one again.
	for range 200 {
		step(t, w, At{}, cut([]float32{0, 80}, []int32{0, 1}, []int{2}))
	}
	for range 200 {
		step(t, w, At{}, cut([]float32{80, 0}, []int32{0, 1}, []int{2}))
	}
	if q := math.Exp(w.State()[0]); q < 0.99 {
		t.Errorf("the share of a group that has come back is %v", q)
	}
}

// TestGroupDROGroups: groups that are not the labels weigh as labels of these
// numbers would.
func TestGroupDROGroups(t *testing.T) {
	cfg := GroupDROConfig{Counts: []int{9, 9}, Eta: 0.5}
	losses, labels, groups := drawLosses(3, 30), drawLabels(4, 30, 5), drawLabels(5, 30, 2)
	shards := cut(losses, labels, uneven(30))
	at := 0
	for s := range shards {
		shards[s].Groups = groups[at : at+len(shards[s].Losses)]
		at += len(shards[s].Losses)
	}
	got, _ := step(t, mustGroups(t, cfg), At{}, shards)
	want, _ := step(t, mustGroups(t, cfg), At{}, cut(losses, groups, uneven(30)))
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("groups (-labels):\n%s", diff)
	}
}

func TestGroupDRORefuses(t *testing.T) {
	_, err := NewGroupDRO(GroupDROConfig{Counts: []int{5, 0}, Eta: -1, Adjust: math.NaN(), From: 2})
	var all interface{ Unwrap() []error }
	if all, _ = err.(interface{ Unwrap() []error }); all == nil || len(all.Unwrap()) != 4 {
		t.Errorf("got %v, want four errors", err)
	}
	w := mustGroups(t, GroupDROConfig{Counts: []int{5, 5}})
	for _, s := range [][]float64{nil, {0}, {0, 0}, {math.NaN(), 0}, {math.Inf(1), 0}, {-0.7, -0.7, -0.7}} {
		if err := w.Restore(s); err == nil {
			t.Errorf("Restore(%v) accepted", s)
		}
	}
}
