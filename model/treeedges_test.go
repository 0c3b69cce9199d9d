package model

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// TestTreeEdges: the splits are where the classes change, and nothing else is.
func TestTreeEdges(t *testing.T) {
	var values []float32
	var labels []int32
	for i := range 400 {
		values = append(values, float32(i))
		labels = append(labels, int32(i/100%2)) // 0 1 0 1 by hundreds
	}
	r := rand.New(rand.NewPCG(1, 2))
	r.Shuffle(len(values), func(i, j int) {
		values[i], values[j] = values[j], values[i]
		labels[i], labels[j] = labels[j], labels[i]
	})
	want := []float32{0, 99.5, 199.5, 299.5, 399}
	for _, bins := range []int{4, 50} {
		if got := TreeEdges(slices.Clone(values), slices.Clone(labels), 2, bins); !slices.Equal(got, want) {
			t.Errorf("%d bins: %v, want %v", bins, got, want)
		}
	}
	if got := TreeEdges(slices.Clone(values), slices.Clone(labels), 2, 1); !slices.Equal(got, []float32{0, 399}) {
		t.Errorf("one bin: %v", got)
	}
	if got := TreeEdges([]float32{5, 5, 5}, []int32{0, 1, 0}, 2, 4); got != nil {
		t.Errorf("equal values: %v", got)
	}
}

// TestTreeEdgesRare: a class of a hundredth of the rows decides as much as the
// other, and no leaf is too small.
func TestTreeEdgesRare(t *testing.T) {
	const n = 5000
	values, labels := make([]float32, n), make([]int32, n)
	r := rand.New(rand.NewPCG(3, 4))
	for i := range values {
		values[i] = float32(r.NormFloat64())
		if i%100 == 0 {
			labels[i], values[i] = 1, values[i]/8+2
		}
	}
	edges := TreeEdges(slices.Clone(values), labels, 2, 8)
	near := slices.ContainsFunc(edges, func(e float32) bool { return e > 1.4 && e < 1.9 })
	if !near || !slices.IsSorted(edges) {
		t.Errorf("no edge in front of the rare class around 2: %v", edges)
	}
	for i := range edges[1:] {
		rows := 0
		for _, v := range values {
			if v >= edges[i] && (v < edges[i+1] || i == len(edges)-2) {
				rows++
			}
		}
		if rows < leastLeaf {
			t.Errorf("bin %d holds %d rows", i, rows)
		}
	}
}

// FuzzParseEmbedding: no word panics, and what is accepted makes good fields.
func FuzzParseEmbedding(f *testing.F) {
	for _, s := range []string{"none", "ple:16", "ple:16,3+cat:4", "none+cat:2", "none+", "none+cat:0", "tree:8,4", "periodic:16,0.1,8", "ple", "ple:", "periodic:3", "periodic:2,nan", "tree:1,2,3"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		e, err := ParseEmbedding(s)
		if err != nil {
			return
		}
		if err := e.Number([]float32{3, 1, 2, 2}, []int32{0, 1, 1, 0}, 2).check(); err != nil {
			t.Errorf("%q: %v", s, err)
		}
	})
}
