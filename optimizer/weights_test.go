package optimizer

import (
	"context"
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// ownWeights gives each sample a weight of its own, which depends on its loss.
type ownWeights struct {
	Weighter
	of func(loss float32) float32
}

func (w *ownWeights) Weigh(ctx context.Context, at At, local []Shard, r Reducer) (Outcome, error) {
	for s := range local {
		local[s].Weights = make([]float32, len(local[s].Losses))
		for i, l := range local[s].Losses {
			local[s].Weights[i] = w.of(l)
		}
	}
	return w.Weighter.Weigh(ctx, at, local, r)
}

func drawWeight(loss float32) float32 { return 0.25 + loss - float32(math.Floor(float64(loss))) }

// TestOnesAreNone: weights of 1 have the bits of no weights.
func TestOnesAreNone(t *testing.T) {
	for name, weighter := range everyWeighter(t) {
		ones := func() Weighter { return &ownWeights{weighter(), func(float32) float32 { return 1 }} }
		if diff := cmp.Diff(play(t, 1, weighter), play(t, 1, ones), cmp.AllowUnexported(run{})); diff != "" {
			t.Errorf("%s (-none +ones):\n%s", name, diff)
		}
	}
}

// TestWeightsAreCopies: in a batch whose weights have the mean 1, a sample of
// weight n/mean counts as n samples, for every weighter and all along a run.
func TestWeightsAreCopies(t *testing.T) {
	const rows, steps = 24, 8
	for name, weighter := range everyWeighter(t) {
		t.Run(name, func(t *testing.T) {
			one, many := weighter(), weighter()
			for k := range steps {
				losses, labels := drawLosses(7, rows), drawLabels(7, rows, 3) // one batch, again and again
				var all []float32
				var classes []int32
				weights := make([]float32, rows)
				copies := func(i int) int { return 1 + i*i%3 }
				for i := range losses {
					for range copies(i) {
						all, classes = append(all, losses[i]), append(classes, labels[i])
					}
				}
				for i := range weights {
					weights[i] = float32(copies(i)) * rows / float32(len(all))
				}
				shards := cut(losses, labels, even(rows, 4))
				for s, at := 0, 0; s < len(shards); s++ {
					shards[s].Weights = weights[at:][:len(shards[s].Q)]
					at += len(shards[s].Q)
				}
				got, o := step(t, one, At{k, steps}, shards)
				want, p := step(t, many, At{k, steps}, cut(all, classes, even(len(all), 4)))
				if o.Rows != rows || p.Rows != len(all) {
					t.Errorf("batches of %d and %d rows, want %d and %d", o.Rows, p.Rows, rows, len(all))
				}
				at := 0
				for i := range got {
					var sum float32
					for range copies(i) {
						sum += want[at]
						at++
					}
					if math.Abs(float64(got[i]-sum)) > 3e-6 {
						t.Fatalf("step %d: sample %d weighs %v, its %d copies %v", k, i, got[i], copies(i), sum)
					}
				}
				if !(math.Abs(o.LogU-p.LogU) < 1e-5) && o.LogU != p.LogU {
					t.Errorf("step %d: log u is %v, of copies %v", k, o.LogU, p.LogU)
				}
			}
		})
	}
}
