package optimizer

import (
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestScaled: on ABSGD it is ABSGD's own class weighting, up to the rounding of
// the scaled losses; both halves together are the whole.
func TestScaled(t *testing.T) {
	c := []float64{0.3, 1, 1.7}
	cfg := ABSGDConfig{Lambda: Lambda{{2, 0}}, Gamma: 0.8, Alpha: 1}
	inner := mustABSGD(t, cfg)
	cfg.ClassWeights, cfg.ClassesFrom = c, 0.5
	own := mustABSGD(t, cfg)
	scaled := mustWeigher(NewScaled(inner, c, 0.5))(t)
	for k := range 4 {
		shards := func() []Shard { return cut(drawLosses(k, 30), drawLabels(k, 30, 3), uneven(30)) }
		want, _ := step(t, own, At{k, 4}, shards())
		local := shards()
		triples, ok := scaled.Prepare(At{k, 4}, local)
		if !ok {
			t.Fatal("no first half")
		}
		total, _ := Solo{}.LogSumExp(t.Context(), triples)
		o, err := scaled.Settle(t.Context(), At{k, 4}, local, total, Solo{})
		if err != nil {
			t.Fatal(err)
		}
		halves := weights(local, o.Factors)
		got, _ := step(t, scaled, At{k, 4}, shards())
		if diff := cmp.Diff(got, halves); diff != "" {
			t.Errorf("step %d: in two halves:\n%s", k, diff)
		}
		for i := range want {
			if math.Abs(float64(got[i]-want[i])) > 1e-6*float64(want[i]) {
				t.Errorf("step %d: w[%d] = %v, ABSGD's own %v", k, i, got[i], want[i])
			}
		}
	}
}
