package model

import (
	"math"
	"math/rand/v2"
	"testing"
)

// TestSoftmaxRows: rows taken together have the bits of rows taken one by one,
// edge cases included.
func TestSoftmaxRows(t *testing.T) {
	draw := rand.New(rand.NewPCG(1, 2))
	edges := []float32{0, float32(math.Copysign(0, -1)), 1e4, -1e4, 1e38, float32(math.Inf(1)), float32(math.Inf(-1)), float32(math.NaN())}
	for _, k := range []int{1, 2, 3, 10, 63, 64, 65, 127, 128} {
		for _, s := range []softmax{{}, {offset: make([]float64, k)}} {
			for j := range s.offset {
				s.offset[j] = draw.NormFloat64()
			}
			const rows = 300
			z, labels, w := make([]float32, rows*k), make([]int32, rows), make([]float32, rows)
			for i := range z {
				z[i] = float32(3 * draw.NormFloat64())
				if draw.IntN(20*k) == 0 {
					z[i] = edges[draw.IntN(len(edges))]
				}
			}
			for i := range labels {
				labels[i], w[i] = int32(draw.IntN(k)), draw.Float32()
			}
			losses, dz := make([]float32, rows), make([]float32, rows*k)
			s.losses(losses, z, labels)
			s.gradient(dz, z, labels, w)
			for i, y := range labels {
				row := z[i*k:][:k]
				same(t, losses[i], float32(s.entropy(row, int(y))))
				s.derivative(row, int(y), func(j int, p float64) {
					same(t, dz[i*k+j], settle(float32(float64(w[i])*p)))
				})
			}
		}
	}
}

func same(t *testing.T, got, want float32) {
	t.Helper()
	if math.Float32bits(got) != math.Float32bits(want) && (got == got || want == want) {
		t.Fatalf("%v, want %v", got, want)
	}
}
