package model

import (
	"math"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ballast-ml/ballast/internal/kernel"
)

// TestAdjoint: Σ wᵢ·JVP(v)ᵢ = ⟨Backward(w), v⟩, for a random direction and
// along the gradient itself. Both sides are float32 computations of some 1e6
// operations whose errors do not add up in one direction: 1e-5 of ‖g‖·‖v‖ is
// 100 roundings.
func TestAdjoint(t *testing.T) {
	eachArch(t, 5, func(t *testing.T, n *Network, b batch) {
		for _, train := range []bool{true, false} {
			b.pass.Train = train
			g := run(n, b, CrossEntropy{}, direction(n, 2)).Grads
			for name, v := range map[string][]float32{"random": direction(n, 2), "gradient": g} {
				r := run(n, b, CrossEntropy{}, v)
				got, want := inner(b.w, r.Slopes)*float64(n.cfg.members()), inner(r.Grads, v)
				if math.Abs(got-want) > 1e-5*norm2(r.Grads)*norm2(v) {
					t.Errorf("train %v, %s direction: Σ w·JVP = %v, ⟨Backward, v⟩ = %v", train, name, got, want)
				}
			}
		}
	})
}

// TestSlopes compares JVP with central differences of the losses along a
// direction of length 1. A step of 2e-3 leaves a truncation error near 1e-4 and
// a rounding error of 1e-7/2e-3 = 5e-5. Kinks of ReLU and pooling, and batch
// norm of features that hardly vary, show in the differences themselves: where
// half the step gives another result there is nothing to compare with.
func TestSlopes(t *testing.T) {
	const h, seeds, rows = 2e-3, 4, 5
	for i, cfg := range archCases(1) {
		t.Run(cfg.testName(), func(t *testing.T) {
			rough, off := 0, 0
			for seed := range uint64(seeds) {
				n := mustNew(t, archCases(seed)[i])
				// Away from biases of 0, which put a row whose activations are
				// all dropped exactly on a kink.
				kernel.AddScaled(n.Params(), 0.1, direction(n, seed+100))
				b, v := newBatch(n, rows, seed), unit(direction(n, seed))
				slopes := run(n, b, CrossEntropy{}, v).Slopes
				wide, narrow := lossDifferences(t, n, b, v, h), lossDifferences(t, n, b, v, h/2)
				for row, s := range slopes {
					switch {
					case !near(wide[row], narrow[row], 1e-3):
						rough++
					case !near(float64(s), narrow[row], 2e-3):
						off++
						t.Logf("seed %d row %d: slope %v, difference %v", seed, row, s, narrow[row])
					}
				}
			}
			// A kink very near the middle of the way looks smooth: 1 row in
			// 100 over many seeds.
			if rough > seeds*rows/2 || off > 1 {
				t.Errorf("of %d slopes, %d are off and %d cannot be checked", seeds*rows, off, rough)
			}
		})
	}
}

// lossDifferences returns (ℓ(θ+hv) - ℓ(θ-hv))/2h of each row.
func lossDifferences(t *testing.T, n *Network, b batch, v []float32, h float64) []float64 {
	moved := func(by float32) []float32 {
		m := mustNew(t, n.Config())
		copy(m.Params(), n.Params())
		kernel.AddScaled(m.Params(), by, v)
		return run(m, b, CrossEntropy{}, v).Losses
	}
	up, down := moved(float32(h)), moved(float32(-h))
	d := make([]float64, len(up))
	for i := range d {
		d[i] = (float64(up[i]) - float64(down[i])) / (2 * h)
	}
	return d
}

// unit scales v to length 1, in place.
func unit(v []float32) []float32 {
	size := float32(norm2(v))
	for i := range v {
		v[i] /= size
	}
	return v
}

// TestCut: without batch norm a sample's loss and slope have the same bits
// however the batch is cut, dropout included.
func TestCut(t *testing.T) {
	eachArch(t, 9, func(t *testing.T, n *Network, b batch) {
		if n.tied() {
			b.pass.Train = false // the rows of a shard are tied: only evaluation can be cut
		}
		v := direction(n, 4)
		whole := run(n, b, CrossEntropy{}, v)
		var cut result
		sum := make([]float64, len(n.Params()))
		for _, bounds := range [][2]int{{0, 4}, {4, 4}, {4, 5}, {5, 9}} {
			r := run(n, b.part(bounds[0], bounds[1]), CrossEntropy{}, v)
			cut.Losses = append(cut.Losses, r.Losses...)
			cut.Logits = append(cut.Logits, r.Logits...)
			cut.Slopes = append(cut.Slopes, r.Slopes...)
			for i, g := range r.Grads {
				sum[i] += float64(g)
			}
		}
		if !sameBits(whole.Losses, cut.Losses) || !sameBits(whole.Logits, cut.Logits) || !sameBits(whole.Slopes, cut.Slopes) {
			t.Error("losses, logits or slopes differ from those of the whole batch")
		}
		compare(t, "sum of gradients", whole.Grads, sum, 1e-5)
	})
}

// TestWeightZeroTail: each gradient is one chain over the samples in order, so
// samples of weight zero at the end change no bit of it.
func TestWeightZeroTail(t *testing.T) {
	eachArch(t, 6, func(t *testing.T, n *Network, b batch) {
		if n.tied() {
			b.pass.Train = false
		}
		v := direction(n, 4)
		head := run(n, b.part(0, 4), CrossEntropy{}, v).Grads
		b.w[4], b.w[5] = 0, 0
		for i, g := range run(n, b, CrossEntropy{}, v).Grads {
			if g != head[i] {
				t.Fatalf("gradient %d: %v with the tail, %v without", i, g, head[i])
			}
		}
	})
}

// TestReplicas: replicas at work at the same time leave what they leave one
// after the other.
func TestReplicas(t *testing.T) {
	eachArch(t, 10, func(t *testing.T, n *Network, b batch) {
		v := direction(n, 5)
		bounds := []int{0, 3, 3, 7, 10}
		shard := func(m *Network, s int) result {
			return run(m, b.part(bounds[s], bounds[s+1]), CrossEntropy{}, v)
		}
		var want, got [4]result
		for s := range want {
			want[s] = shard(n, s)
		}
		var wg sync.WaitGroup
		for s := range got {
			m := n.Replica()
			wg.Go(func() {
				for range 3 { // buffers in use again
					got[s] = shard(m, s)
				}
			})
		}
		wg.Wait()
		for s := range got {
			if !want[s].same(got[s]) {
				t.Errorf("shard %d: concurrent and sequential results differ", s)
			}
		}
	})
}

func TestReplicaShares(t *testing.T) {
	n := mustNew(t, archCases(1)[4])
	m := n.Replica()
	if &n.Params()[0] != &m.Params()[0] || &n.Running()[0] != &m.Running()[0] {
		t.Error("a replica has parameters or running statistics of its own")
	}
	if &n.Grads()[0] == &m.Grads()[0] || &n.Stats()[0] == &m.Stats()[0] {
		t.Error("a replica shares gradients or statistics")
	}
	if diff := cmp.Diff(n.Config(), m.Config()); diff != "" {
		t.Error(diff)
	}
}

// TestEmptyBatch: no rows give no losses and zero sums, whatever was there.
func TestEmptyBatch(t *testing.T) {
	eachArch(t, 4, func(t *testing.T, n *Network, b batch) {
		v := direction(n, 6)
		fresh := run(mustNew(t, n.Config()), b.part(2, 2), CrossEntropy{}, v)
		run(n, b, CrossEntropy{}, v)
		used := run(n, b.part(2, 2), CrossEntropy{}, v)
		for _, r := range []result{fresh, used} {
			if len(r.Losses)+len(r.Slopes)+len(r.Logits) != 0 {
				t.Errorf("%d losses, %d slopes, %d logits of no rows", len(r.Losses), len(r.Slopes), len(r.Logits))
			}
			if !sameBits(r.Grads, make([]float32, len(r.Grads))) || !sameBits(r.Stats, make([]float32, len(r.Stats))) {
				t.Error("gradient or statistics of no rows are not zero")
			}
		}
	})
}

// TestNaN: a NaN in one sample reaches its loss and the gradient; without batch
// norm it reaches no other sample.
func TestNaN(t *testing.T) {
	eachArch(t, 4, func(t *testing.T, n *Network, b batch) {
		b.x[2*n.in+n.in/2] = float32(math.NaN())
		r := run(n, b, CrossEntropy{}, direction(n, 7))
		for i, l := range r.Losses {
			if isNaN(l) != (i == 2 || n.tied()) {
				t.Errorf("loss of row %d is %v", i, l)
			}
		}
		params := n.layers[len(n.layers)-1].params()
		last := params[len(params)-1]
		if !isNaN(last.of(r.Grads)[0]) {
			t.Error("the gradient of the last parameter is not NaN")
		}
	})
}

func isNaN(v float32) bool { return v != v }

// TestNoAllocations: a steady step allocates nothing, a short batch included.
func TestNoAllocations(t *testing.T) {
	eachArch(t, 6, func(t *testing.T, n *Network, b batch) {
		short, v := b.part(0, 3), direction(n, 8)
		var loss Loss = CrossEntropy{}
		step := func() {
			for _, p := range []batch{b, short} {
				n.Losses(p.pass, loss, p.x, p.y)
				n.Backward(p.w, nil)
				n.JVP(v)
				n.Blend(n.Stats())
			}
		}
		if allocs := testing.AllocsPerRun(3, step); allocs != 0 {
			t.Errorf("%v allocations a step", allocs)
		}
	})
}

// TestEvaluationLeavesNoTrace: evaluation draws no masks and leaves the running
// statistics and those of the last training batch alone.
func TestEvaluationLeavesNoTrace(t *testing.T) {
	eachArch(t, 4, func(t *testing.T, n *Network, b batch) {
		before := run(n, b, CrossEntropy{}, direction(n, 9))
		running := append([]float32(nil), n.Running()...)
		first := append([]float32(nil), n.Logits(Pass{}, b.x, 4)...)
		second := append([]float32(nil), n.Logits(Pass{Step: 9, First: 3}, b.x, 4)...)
		if !sameBits(first, second) {
			t.Error("evaluation depends on the step")
		}
		if !sameBits(running, n.Running()) || !sameBits(before.Stats, n.Stats()) {
			t.Error("evaluation changed statistics")
		}
	})
}

// TestMisuse: lengths that do not fit and calls out of order are mistakes of
// the program.
func TestMisuse(t *testing.T) {
	n := mustNew(t, archCases(1)[4])
	b := newBatch(n, 3, 1)
	for name, f := range map[string]func(n *Network){
		"short input":             func(n *Network) { n.Logits(b.pass, b.x[1:], 3) },
		"negative rows":           func(n *Network) { n.Logits(b.pass, nil, -1) },
		"backward first":          func(n *Network) { n.Backward(b.w, nil) },
		"backward after logits":   func(n *Network) { n.Logits(b.pass, b.x, 3); n.Backward(b.w, nil) },
		"jvp after logits":        func(n *Network) { n.Logits(b.pass, b.x, 3); n.JVP(n.Params()) },
		"weights of other length": func(n *Network) { n.Losses(b.pass, CrossEntropy{}, b.x, b.y); n.Backward(b.w[1:], nil) },
		"short direction":         func(n *Network) { n.Losses(b.pass, CrossEntropy{}, b.x, b.y); n.JVP(n.Params()[1:]) },
		"label out of range":      func(n *Network) { n.Losses(b.pass, CrossEntropy{}, b.x, []int32{0, 3, 1}) },
		"negative label":          func(n *Network) { n.Losses(b.pass, CrossEntropy{}, b.x, []int32{0, -1, 1}) },
		"short statistics":        func(n *Network) { n.Blend(n.Stats()[1:]) },
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if recover() == nil {
					t.Error("no panic")
				}
			}()
			f(n.Replica())
		})
	}
}

// TestBackwardFinal: what Backward calls final does not change any more, and
// goes down to 0.
func TestBackwardFinal(t *testing.T) {
	eachArch(t, 3, func(t *testing.T, n *Network, b batch) {
		n.Losses(b.pass, CrossEntropy{}, b.x, b.y)
		type tail struct {
			from  int
			grads []float32
		}
		var tails []tail
		n.Backward(b.w, func(from int) {
			tails = append(tails, tail{from, append([]float32(nil), n.Grads()[from:]...)})
		})
		last := len(n.Grads())
		for _, tail := range tails {
			if tail.from >= last {
				t.Errorf("final from %d after %d", tail.from, last)
			}
			if !sameBits(tail.grads, n.Grads()[tail.from:]) {
				t.Errorf("the gradient from %d on changed after it was called final", tail.from)
			}
			last = tail.from
		}
		if last != 0 {
			t.Errorf("the last call was with %d, want 0", last)
		}
	})
}
