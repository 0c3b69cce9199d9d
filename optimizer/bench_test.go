package optimizer

import (
	"fmt"
	"testing"
)

// BenchmarkWeigh is the weighter's share of a step: 8 shards in one process.
func BenchmarkWeigh(b *testing.B) {
	for _, rows := range []int{128, 4096} {
		b.Run(fmt.Sprintf("B=%d", rows), func(b *testing.B) {
			w := mustABSGD(b, ABSGDConfig{Lambda: Lambda{{2, 0}}, Gamma: 0.9, Alpha: 1, Batch: rows})
			shards := cut(drawLosses(0, rows), nil, even(rows, 8))
			b.ReportAllocs()
			for b.Loop() {
				o, err := w.Weigh(b.Context(), At{}, shards, Solo{})
				if err != nil {
					b.Fatal(err)
				}
				w.Commit(o)
			}
		})
	}
}

// BenchmarkStep is one step of an MLP 784-256-128-10.
func BenchmarkStep(b *testing.B) {
	const n = 235146
	for _, tt := range underTest {
		b.Run(tt.name, func(b *testing.B) {
			o := build(b, tt.cfg, n)
			x, g, fresh := make([]float32, n), make([]float32, n), make([]float32, n)
			for i := range g {
				fresh[i] = float32(i%7) - 3
			}
			b.ReportAllocs()
			b.SetBytes(4 * n)
			for b.Loop() {
				copy(g, fresh)
				o.Step(x, g, At{3, 10})
			}
		})
	}
}

func TestNoAllocations(t *testing.T) {
	shards := cut(drawLosses(0, 100), drawLabels(0, 100, 3), even(100, 8))
	balanced, err := NewClassBalanced([]float64{1, 2, 3}, 0)
	if err != nil {
		t.Fatal(err)
	}
	for name, w := range map[string]Weighter{
		"erm": &ERM{}, "cb": balanced,
		"absgd": mustABSGD(t, ABSGDConfig{Lambda: Lambda{{2, 0}}, Gamma: 0.9, Alpha: 1, Floor: true, ClassWeights: []float64{1, 2, 3}}),
	} {
		ctx := t.Context()
		if n := testing.AllocsPerRun(20, func() {
			o, err := w.Weigh(ctx, At{3, 10}, shards, Solo{})
			if err != nil {
				t.Error(err)
			}
			w.Commit(o)
		}); n != 0 {
			t.Errorf("%s: Weigh and Commit allocate %v times", name, n)
		}
	}
	for _, tt := range underTest {
		o := build(t, tt.cfg, 100)
		x, g := make([]float32, 100), make([]float32, 100)
		if n := testing.AllocsPerRun(20, func() { o.Step(x, g, At{3, 10}) }); n != 0 {
			t.Errorf("%s: Step allocates %v times", tt.name, n)
		}
	}
}
