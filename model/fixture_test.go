package model

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

// archCases are small networks of every kind. lenet is at its smallest: the
// portable kernels are slow.
func archCases(seed uint64) []Config {
	images := []int{1, 12, 13}
	return []Config{
		{Arch: "logistic", Input: []int{7}, Classes: 3, Seed: seed},
		{Arch: "mlp:9,6", Input: []int{7}, Classes: 3, Seed: seed},
		{Arch: "mlp:9,6", Input: []int{7}, Classes: 3, Seed: seed, Dropout: 0.3},
		{Arch: "mlp:9,6", Input: []int{7}, Classes: 2, Seed: seed, Norm: "batch"},
		{Arch: "mlp:9,6", Input: []int{7}, Classes: 3, Seed: seed, Dropout: 0.3, Norm: "batch"},
		{Arch: "lenet", Input: images, Classes: 4, Seed: seed},
		{Arch: "lenet", Input: images, Classes: 4, Seed: seed, Dropout: 0.3, Norm: "batch"},
		{Arch: "resnet20", Input: []int{2, 8, 8}, Classes: 4, Seed: seed, Norm: "batch"},
		{Arch: "resnet20", Input: []int{2, 8, 8}, Classes: 4, Seed: seed, Norm: "group:4"},
		{Arch: "wrn10-1", Input: []int{2, 8, 8}, Classes: 4, Seed: seed},
		{Arch: "wrn10-1", Input: []int{2, 8, 8}, Classes: 4, Seed: seed, Norm: "layer"},
		{Arch: "mlp:9,6", Input: []int{7}, Classes: 3, Seed: seed, Norm: "layer"},
		{Arch: "resmlp:6x2", Input: []int{7}, Classes: 3, Seed: seed, Dropout: 0.3},
		{Arch: "resmlp:6x2", Input: []int{7}, Classes: 3, Seed: seed, Norm: "batch"},
		{Arch: "resmlp:6x1", Input: []int{7}, Classes: 3, Seed: seed, Norm: "none"},
		{Arch: "mlp:9,6", Input: []int{7}, Classes: 3, Seed: seed, Fields: testFields("encode")},
		{Arch: "mlp:9,6", Input: []int{7}, Classes: 3, Seed: seed, Dropout: 0.3, Fields: testFields("embed")},
		{Arch: "mlp:9,6", Input: []int{7}, Classes: 3, Seed: seed, Dropout: 0.3, Cosine: 5},
		{Arch: "logistic", Input: []int{7}, Classes: 3, Seed: seed, Cosine: 5},
		{Arch: "mlp:5", Input: []int{7}, Classes: 3, Seed: seed, Dropout: 0.3, Ensemble: 3},
		{Arch: "mlp:5", Input: []int{7}, Classes: 3, Seed: seed, Norm: "batch", Ensemble: 2},
		{Arch: "lenet:avg", Input: []int{2, 12, 12}, Classes: 4, Seed: seed, Dropout: 0.3, Norm: "batch"},
	}
}

func (c Config) testName() string {
	name := fmt.Sprintf("%s,dropout=%v,norm=%v", c.Arch, c.Dropout, c.Norm)
	if c.Ensemble > 1 {
		name += fmt.Sprintf(",members=%d", c.Ensemble)
	}
	if c.Fields != nil {
		name += fmt.Sprintf(",fields=%d+%d", c.Fields[1].Frequencies, c.Fields[1].Width)
	}
	if c.Cosine != 0 {
		name += fmt.Sprintf(",cosine=%v", c.Cosine)
	}
	return name
}

// testFields are fields of seven values: encoded alone, or with dense layers.
func testFields(how string) []Field {
	if how == "encode" {
		return []Field{{Values: 1, Edges: []float32{-1, 0, 0.5, 2}}, {Values: 1, Frequencies: 2, Sigma: 0.3}, {Values: 5}}
	}
	return []Field{
		{Values: 1, Edges: []float32{-1, 0, 2}, Width: 3, Rectified: true},
		{Values: 1, Frequencies: 2, Sigma: 0.3, Width: 4, Rectified: true},
		{Values: 4, Width: 2}, {Values: 1},
	}
}

// tied tells whether the rows of a batch meet, in a batch norm.
func (n *Network) tied() bool { return len(n.Running()) > 0 }

// eachArch runs f for each of archCases, with a batch of rows samples.
func eachArch(t *testing.T, rows int, f func(t *testing.T, n *Network, b batch)) {
	for _, cfg := range archCases(1) {
		t.Run(cfg.testName(), func(t *testing.T) {
			n := mustNew(t, cfg)
			f(t, n, newBatch(n, rows, 5))
		})
	}
}

func mustNew(t testing.TB, cfg Config) *Network {
	t.Helper()
	n, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// batch is random inputs, labels and weights, and the pass they are for.
type batch struct {
	pass Pass
	x    []float32
	y    []int32
	w    []float32
}

func newBatch(n *Network, rows int, seed uint64) batch {
	r := rand.New(rand.NewPCG(seed, 0))
	b := batch{pass: Pass{Train: true, Step: 4, First: 10}}
	b.x = normals(r, rows*n.in)
	for range rows {
		b.y = append(b.y, int32(r.IntN(n.cfg.Classes)))
		b.w = append(b.w, r.Float32())
	}
	return b
}

// part returns rows [lo, hi) of the batch.
func (b batch) part(lo, hi int) batch {
	in := 0
	if len(b.y) > 0 {
		in = len(b.x) / len(b.y)
	}
	b.pass.First += lo
	return batch{b.pass, b.x[lo*in : hi*in], b.y[lo:hi], b.w[lo:hi]}
}

func normals(r *rand.Rand, n int) []float32 {
	x := make([]float32, n)
	for i := range x {
		x[i] = float32(r.NormFloat64())
	}
	return x
}

// result is everything a pass leaves.
type result struct{ Losses, Logits, Grads, Stats, Slopes []float32 }

func (r result) same(o result) bool {
	return sameBits(r.Losses, o.Losses) && sameBits(r.Logits, o.Logits) && sameBits(r.Grads, o.Grads) &&
		sameBits(r.Stats, o.Stats) && sameBits(r.Slopes, o.Slopes)
}

// run does a whole pass and copies what it leaves.
func run(n *Network, b batch, loss Loss, dir []float32) result {
	var r result
	r.Losses = append(r.Losses, n.Losses(b.pass, loss, b.x, b.y)...)
	for row, k := 0, n.cfg.Classes; row < len(b.y); row++ {
		for _, z := range n.logits {
			r.Logits = append(r.Logits, z[row*k:][:k]...)
		}
	}
	n.Backward(b.w, nil)
	r.Grads = append(r.Grads, n.Grads()...)
	r.Stats = append(r.Stats, n.Stats()...)
	r.Slopes = append(r.Slopes, n.JVP(dir)...)
	return r
}

// direction returns a random direction in the space of the parameters: zero
// between the tensors, like everything laid out as Params.
func direction(n *Network, seed uint64) []float32 {
	values := normals(rand.New(rand.NewPCG(seed, 1)), n.NumParams())
	dir := make([]float32, len(n.Params()))
	n.eachParam(func(p *param) { values = values[copy(p.of(dir), values):] })
	return dir
}

// packed returns v, laid out as Params, without what lies between the tensors.
func packed(n *Network, v []float32) []float32 {
	var list []float32
	n.eachParam(func(p *param) { list = append(list, p.of(v)...) })
	return list
}

func inner(a, b []float32) float64 {
	var s float64
	for i, v := range a {
		s += float64(float64(v) * float64(b[i]))
	}
	return s
}

func norm2(a []float32) float64 { return math.Sqrt(inner(a, a)) }

func near(got, want, tol float64) bool { return math.Abs(got-want) <= tol*(1+math.Abs(want)) }

func compare(t *testing.T, what string, got []float32, want []float64, tol float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s: length %d, want %d", what, len(got), len(want))
	}
	for i, w := range want {
		if !near(float64(got[i]), w, tol) {
			t.Errorf("%s %d: %v, finite difference %v", what, i, got[i], w)
		}
	}
}

func sameBits(a, b []float32) bool {
	if len(a) != len(b) {
		return false
	}
	for i, v := range a {
		if math.Float32bits(v) != math.Float32bits(b[i]) {
			return false
		}
	}
	return true
}
