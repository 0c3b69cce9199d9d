package model

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// TestFields holds fields to the laws of a first layer: the gradient by the
// parameters, the adjoint law, and that nothing is consumed.
func TestFields(t *testing.T) {
	for name, list := range map[string][]Field{
		"encoded":    testFields("encode"),
		"embedded":   testFields("embed"),
		"plain":      {{Values: 7}},
		"linear":     {{Values: 1, Edges: []float32{-1, 0, 1}, Width: 3}, {Values: 6, Width: 2}},
		"periodic":   {{Values: 1, Frequencies: 3, Sigma: 1, Width: 2}, {Values: 6}},
		"categories": {{Values: 3, Width: 2}, {Values: 4, Width: 5}},
	} {
		t.Run(name, func(t *testing.T) {
			tol := 1e-4 // linear in each argument, but for the frequencies:
			if slices.ContainsFunc(list, func(f Field) bool { return f.Frequencies > 0 }) {
				tol = 1e-2 // step²·(2πx)³/6
			}
			b := newLayerBench(layerCase{layer: newFields(list), rows: 4, in: 7, step: 1. / 64, tol: tol})
			b.adjoint(t)
			b.repeatable(t)
			if name != "embedded" { // kinks; TestSlopes compares those
				b.gradientByParams(t)
			}
		})
	}
}

// TestEncodeEdges: the edges are where a bin is full, and the lengths of the
// bins times what they hold lead from the first edge to x.
func TestEncodeEdges(t *testing.T) {
	edges := []float32{-2, -1, 1, 5}
	for x, want := range map[float32][]float32{
		-2: {0, 0, 0}, -1.5: {0.5, 0, 0}, -1: {1, 0, 0}, 0: {1, 0.5, 0}, 1: {1, 1, 0}, 3: {1, 1, 0.5}, 5: {1, 1, 1},
		-4: {-2, 0, 0}, 9: {1, 1, 2},
	} {
		e := []float32{7, 7, 7}
		encodeEdges(e, edges, x)
		if !sameBits(e, want) {
			t.Errorf("%v: %v, want %v", x, e, want)
		}
	}
	r := rand.New(rand.NewPCG(1, 1))
	for range 100 {
		x := float32(4 * r.NormFloat64())
		e := make([]float32, 3)
		encodeEdges(e, edges, x)
		at := edges[0]
		for i, v := range e {
			at += float32(v * (edges[i+1] - edges[i]))
		}
		if !near(float64(at), float64(x), 1e-5) {
			t.Errorf("%v is encoded as %v, which leads to %v", x, e, at)
		}
	}
	e := make([]float32, 3)
	if encodeEdges(e, edges, float32(math.NaN())); !isNaN(e[2]) {
		t.Errorf("NaN is encoded as %v", e)
	}
}

// TestEmbedding: a category's embedding is a row of the weights.
func TestEmbedding(t *testing.T) {
	f := newFields([]Field{{Values: 3, Width: 2}})
	b := newLayerBench(layerCase{layer: f, rows: 2, in: 3})
	w := f.list[0].weight.v
	if y := b.forward([]float32{0, 0, 1, 1, 0, 0}); !sameBits(y, []float32{w[4], w[5], w[0], w[1]}) {
		t.Errorf("%v of the weights %v", y, w)
	}
}

func TestQuantileEdges(t *testing.T) {
	for _, c := range []struct {
		values []float32
		bins   int
		want   []float32
	}{
		{[]float32{3, 1, 2, 5, 4}, 4, []float32{1, 2, 3, 4, 5}},
		{[]float32{3, 1, 2, 5, 4}, 2, []float32{1, 3, 5}},
		{[]float32{0, 0, 0, 0, 1}, 4, []float32{0, 1}},
		{[]float32{2, 2}, 4, nil},
		{nil, 4, nil},
		{[]float32{1, 2}, 0, nil},
	} {
		if got := QuantileEdges(slices.Clone(c.values), c.bins); !slices.Equal(got, c.want) {
			t.Errorf("%v, %d bins: %v, want %v", c.values, c.bins, got, c.want)
		}
	}
}

func TestFieldErrors(t *testing.T) {
	for want, list := range map[string][]Field{
		"fields of 3 values for a sample of 4": {{Values: 3}},
		"field 1: 0 values":                    {{Values: 3}, {}},
		"both edges and frequencies":           {{Values: 1, Edges: []float32{0, 1}, Frequencies: 2, Sigma: 1}, {Values: 3}},
		"an encoding of 4 values":              {{Values: 4, Edges: []float32{0, 1}}},
		"1 edges":                              {{Values: 1, Edges: []float32{0}}, {Values: 3}},
		"edge 1 is 0":                          {{Values: 1, Edges: []float32{0, 0}}, {Values: 3}},
		"edge 1 is +Inf":                       {{Values: 1, Edges: []float32{0, float32(math.Inf(1))}}, {Values: 3}},
		"sigma 0":                              {{Values: 1, Frequencies: 2}, {Values: 3}},
		"width -1":                             {{Values: 4, Width: -1}},
		"a ReLU without a dense layer":         {{Values: 4, Rectified: true}},
	} {
		_, err := New(Config{Arch: "logistic", Input: []int{4}, Classes: 2, Fields: list})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want one that says %q", err, want)
		}
	}
	if _, err := New(Config{Arch: "logistic", Input: []int{1, 2, 2}, Classes: 2, Fields: []Field{{Values: 4}}}); err == nil {
		t.Error("fields of an image were accepted")
	}
}
