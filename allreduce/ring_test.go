package allreduce_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/ballast-ml/ballast/allreduce"
	"github.com/ballast-ml/ballast/allreduce/allreducetest"
	"github.com/ballast-ml/ballast/internal/logsum"
	"gonum.org/v1/gonum/floats"
	"pgregory.net/rapid"
)

// sum runs one Sum on all nodes and returns what each got.
func sum(t testing.TB, rings []*allreduce.Ring, bounds []int, step uint64, parts [][]float32, factors []float32, length int) [][]float32 {
	t.Helper()
	out := make([][]float32, len(rings))
	errs := allreducetest.Each(len(rings), func(r int) error {
		out[r] = make([]float32, length)
		lo, hi := bounds[r], bounds[r+1]
		return rings[r].At(step).Sum(t.Context(), out[r], parts[lo:hi], factors[lo:hi])
	})
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
	return out
}

// TestSumClosedForm uses values whose sum is known and exact.
func TestSumClosedForm(t *testing.T) {
	const s, length = 8, 3*allreduce.BucketFloats/2 + 11 // two buckets of the contract
	bounds := allreducetest.Bounds(s, 3)
	net, _ := memNet(3)
	rings := net.Form(t, bounds, allreduce.Sizes{})
	parts, factors := make([][]float32, s), make([]float32, s)
	for i := range s {
		factors[i] = float32(i)
		parts[i] = make([]float32, length)
		for j := range parts[i] {
			parts[i][j] = float32(j%100 + i)
		}
	}
	for r, got := range sum(t, rings, bounds, 0, parts, factors, length) {
		for j, v := range got {
			// Σ i·(j+i) = 28 j + 140
			if want := float32(28*(j%100) + 140); v != want {
				t.Fatalf("rank %d, element %d: %v, want %v", r, j, v, want)
			}
		}
	}
}

// TestSumOfOne is the contract in one line each: with one shard the sum is one
// product; NaN, infinities and signs come through; a skipped shard changes
// nothing. Vectors have an element for each shard, the one whose fold starts
// there; the first is looked at.
func TestSumOfOne(t *testing.T) {
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	negZero := float32(math.Copysign(0, -1))
	for _, c := range []struct {
		name    string
		parts   [][]float32
		factors []float32
		want    float32
	}{
		{"product", [][]float32{{3}}, []float32{0.1}, 0.1 * 3},
		{"NaN", [][]float32{{1}, {nan}, {1}}, []float32{1, 1, 1}, nan},
		{"NaN times 0", [][]float32{{1}, {nan}, {1}}, []float32{1, 0, 1}, nan},
		{"Inf minus Inf", [][]float32{{inf}, {-inf}}, []float32{1, 1}, nan},
		{"Inf times 0", [][]float32{{inf}, {1}}, []float32{0, 1}, nan},
		{"factor 0", [][]float32{{7}, {2}}, []float32{1, 0}, 7},
		{"factor 0 first", [][]float32{{-7}}, []float32{0}, negZero},
		{"skipped first", [][]float32{nil, {2}}, []float32{1, 3}, 6},
		{"skipped", [][]float32{{2}, nil}, []float32{3, 1}, 6},
		{"skipped keeps -0", [][]float32{{-2}, nil}, []float32{0, 1}, negZero},
		{"all skipped", [][]float32{nil, nil}, []float32{1, 1}, 0},
	} {
		s := len(c.parts)
		for i, p := range c.parts {
			if p != nil {
				c.parts[i] = slices.Repeat(p, s)
			}
		}
		for n := 1; n <= s; n++ {
			bounds := allreducetest.Bounds(s, n)
			net, _ := memNet(n)
			rings := net.Form(t, bounds, allreduce.Sizes{})
			for r, got := range sum(t, rings, bounds, 0, c.parts, c.factors, s) {
				same := math.Float32bits(got[0]) == math.Float32bits(c.want) || got[0] != got[0] && c.want != c.want
				if !same {
					t.Errorf("%s: rank %d of %d: %v, want %v", c.name, r, n, got[0], c.want)
				}
			}
		}
	}
}

// TestSumLaws draws shard maps, lengths and sizes; segments and nodes must not
// change a bit.
func TestSumLaws(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		s := rapid.IntRange(1, 9).Draw(rt, "shards")
		n := rapid.IntRange(1, 5).Draw(rt, "nodes")
		bounds := make([]int, n+1)
		for r := 1; r < n; r++ {
			bounds[r] = rapid.IntRange(bounds[r-1], s).Draw(rt, "bound")
		}
		bounds[n] = s
		length := rapid.IntRange(0, 300).Draw(rt, "length")
		sizes := allreduce.Sizes{
			Bucket:  rapid.IntRange(1, 200).Draw(rt, "bucket"),
			Segment: rapid.IntRange(1, 50).Draw(rt, "segment"),
		}
		parts, factors := allreducetest.Inputs(s, length, 3)
		want := make([]float32, length)
		allreducetest.Reference(want, parts, factors, 0, sizes.Bucket)
		net, _ := memNet(n)
		rings := net.Form(t, bounds, sizes)
		for r, got := range sum(t, rings, bounds, 1, parts, factors, length) {
			for i := range want {
				if math.Float32bits(got[i]) != math.Float32bits(want[i]) {
					rt.Fatalf("rank %d, element %d: %v, want %v", r, i, got[i], want[i])
				}
			}
		}
		for _, ring := range rings {
			ring.Close()
		}
	})
}

// TestCost counts the bytes on the wire against the formula of the package
// documentation.
func TestCost(t *testing.T) {
	const s, length = 8, 8 * 7 * 50
	for _, n := range []int{1, 2, 4, 7, 8} {
		net, m := memNet(n)
		got := make([]int, n) // each index by one sender at a time
		m.Watch(func(from, _ string, h allreduce.Header) {
			var r int
			fmt.Sscanf(from, "node-%d", &r)
			got[r] += int(h.Length)
		})
		bounds := allreducetest.Bounds(s, n)
		rings := net.Form(t, bounds, allreduce.Sizes{})
		parts, factors := allreducetest.Inputs(s, length, 1)
		sum(t, rings, bounds, 0, parts, factors, length)
		total := 0
		for _, b := range got {
			total += b
		}
		want := 0 // N nodes of (2(N-1) + 1 - N/S)/N
		if n > 1 {
			want = 4 * length * (s*(2*(n-1)+1) - n) / s
		}
		if total != want {
			t.Errorf("%d nodes sent %d bytes, want %d", n, total, want)
		}
	}
}

// TestLogSumExp compares with gonum on the concatenation of all shards.
func TestLogSumExp(t *testing.T) {
	inf := math.Inf(1)
	for name, shards := range map[string][][]float64{
		"plain":      {{1, 2}, {3}, {-1, 0.5}},
		"huge gaps":  {{-1e300}, {1e4, 1e4}, {-745, 709}},
		"empty":      {{}, {5, 6}, {}},
		"all empty":  {{}, {}, {}},
		"-Inf":       {{-inf}, {2}, {-inf, -inf}},
		"all -Inf":   {{-inf}, {-inf}, {-inf}},
		"+Inf":       {{1}, {inf}, {2}},
		"NaN":        {{1}, {math.NaN()}, {2}},
		"NaN in one": {{1}, {2, math.NaN()}, {}},
	} {
		for n := 1; n <= 3; n++ {
			bounds := allreducetest.Bounds(3, n)
			net, _ := memNet(n)
			rings := net.Form(t, bounds, allreduce.Sizes{})
			var all []float64
			var triples [][3]float64
			for _, a := range shards {
				all = append(all, a...)
				triples = append(triples, logsum.Of(a))
			}
			allreducetest.Each(n, func(r int) error {
				got, err := rings[r].At(0).LogSumExp(t.Context(), triples[bounds[r]:bounds[r+1]])
				if err != nil {
					t.Error(err)
				}
				if got[2] != float64(len(all)) {
					t.Errorf("%s: count %v, want %d", name, got[2], len(all))
				}
				want := math.Inf(-1)
				if len(all) > 0 {
					want = floats.LogSumExp(all)
				}
				if slices.Contains(all, inf) {
					want = math.NaN() // our triples poison what gonum lets pass
				}
				if v := logsum.Log(got); v != want && !(math.Abs(v-want) <= 1e-14*math.Abs(want)) && !(v != v && want != want) {
					t.Errorf("%s, %d nodes: %v, want %v", name, n, v, want)
				}
				return nil
			})
		}
	}
}

// TestPanics has the mistakes of a program.
func TestPanics(t *testing.T) {
	ring, err := allreduce.Form(t.Context(), nil, allreduce.Topology{Names: []string{"a"}, Shards: []int{0, 2}})
	if err != nil {
		t.Fatal(err)
	}
	s := ring.At(1)
	two := [][]float32{{1}, {2}}
	for name, f := range map[string]func(){
		"parts":   func() { s.Sum(t.Context(), make([]float32, 1), two[:1], []float32{1, 1}) },
		"factors": func() { s.Sum(t.Context(), make([]float32, 1), two, []float32{1}) },
		"length":  func() { s.Sum(t.Context(), make([]float32, 2), two, []float32{1, 1}) },
		"triples": func() { s.LogSumExp(t.Context(), nil) },
		"records": func() { s.Gather(t.Context(), make([][]float64, 3)) },
		"root":    func() { s.Broadcast(t.Context(), 1, nil) },
		"no root": func() { s.Broadcast(t.Context(), -1, nil) },
		"share":   func() { s.Share(t.Context(), 1) },
		"many":    func() { manyCollectives(t.Context(), ring) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: no panic", name)
				}
			}()
			f()
		}()
	}
}

func manyCollectives(ctx context.Context, r *allreduce.Ring) {
	for range 1<<16 + 1 {
		r.At(77).Broadcast(ctx, 0, nil)
	}
}

// TestAllocations checks that steps cost no memory once the first has been
// taken, with a context that can be cancelled.
func TestAllocations(t *testing.T) {
	for _, chords := range []int{9, 1} {
		testAllocations(t, 3, 0, allreduce.Sizes{Bucket: 3000, Segment: 500, Chords: chords})
	}
	for _, nodes := range []int{2, 4, 5} {
		testAllocations(t, nodes, 2, allreduce.Sizes{Bucket: 3000, Segment: 500})
	}
}

func testAllocations(t *testing.T, nodes, groups int, sizes allreduce.Sizes) {
	const s, length, runs = 8, 10_000, 50
	bounds := allreducetest.Bounds(s, nodes)
	if groups > 1 {
		bounds = allreducetest.GroupBounds(s, groups, nodes)
	}
	net, _ := inGroups(nodes, groups)
	rings := net.Form(t, bounds, sizes)
	parts, factors := allreducetest.Inputs(s, length, 1)
	step := func(r int) func() {
		lo, hi := bounds[r], bounds[r+1]
		dst := make([]float32, length)
		triples, records := make([][3]float64, hi-lo), make([][]float64, hi-lo)
		k := uint64(0)
		return func() {
			k++
			at := rings[r].At(k)
			_, err := at.LogSumExp(t.Context(), triples)
			_, err2 := at.Gather(t.Context(), records)
			err3 := at.Sum(t.Context(), dst, parts[lo:hi], factors[lo:hi])
			if err != nil || err2 != nil || err3 != nil {
				t.Error(err, err2, err3)
			}
		}
	}
	const warm = 20
	allreducetest.Each(nodes, func(r int) error {
		f := step(r)
		for range warm {
			f()
		}
		if r > 0 {
			for range runs + 1 {
				f()
			}
			return nil
		}
		// The mean is rounded down: a pool may still grow, once, when the
		// nodes drift apart as never before.
		if n := testing.AllocsPerRun(runs, f); n > 0 {
			t.Errorf("%v allocations a step", n)
		}
		return nil
	})
}
