package model

import (
	"math/rand/v2"
	"testing"
)

// TestSparseFields: a wide field whose values are looked through once has the bits
// of one whose values are all multiplied, and keeps the laws of a layer.
func TestSparseFields(t *testing.T) {
	const wide, rows = manyValues + 13, 5
	list := []Field{{Values: 2}, {Values: wide, Width: 3}, {Values: 1}}
	bench := func(sparse bool) (*fields, *layerBench) {
		f := newFields(list)
		if !sparse {
			f.list[1].sparse = nil
		}
		return f, newLayerBench(layerCase{layer: f, rows: rows, in: wide + 3, step: 1. / 64, tol: 1e-4})
	}
	one, a := bench(true)
	other, _ := bench(false)
	if one.list[1].sparse == nil {
		t.Fatal("a wide field is not sparse")
	}
	a.adjoint(t)
	a.repeatable(t)
	r := rand.New(rand.NewPCG(5, 6))
	for pass := range 3 { // the lists of a pass leave nothing to the next
		x := make([]float32, rows*(wide+3))
		for range 40 / (1 + pass) {
			x[r.IntN(len(x))] = float32(r.NormFloat64())
		}
		copy(other.list[1].weight.v, one.list[1].weight.v)
		if !sameBits(one.Forward(Pass{Train: true}, x), other.Forward(Pass{Train: true}, x)) {
			t.Error("outputs differ")
		}
		dy := normals(r, rows*one.out)
		dz := append([]float32{}, dy...)
		one.Backward(dy)
		other.Backward(dz)
		if !sameBits(one.list[1].weight.g, other.list[1].weight.g) {
			t.Error("gradients differ")
		}
	}
}

// BenchmarkText is the first layer's part of a step on texts of 120 n-grams.
func BenchmarkText(b *testing.B) {
	const rows, values = 16, 4096
	f := newFields([]Field{{Values: values, Width: 16}})
	newLayerBench(layerCase{layer: f, rows: rows, in: values})
	r := rand.New(rand.NewPCG(1, 2))
	x := make([]float32, rows*values)
	for range rows * 120 {
		x[r.IntN(len(x))] = 0.1
	}
	dy := make([]float32, rows*f.out)
	b.Run("forward", func(b *testing.B) {
		for b.Loop() {
			f.Forward(Pass{Train: true}, x)
		}
	})
	b.Run("backward", func(b *testing.B) {
		f.Forward(Pass{Train: true}, x)
		for b.Loop() {
			f.Backward(dy)
		}
	})
}
