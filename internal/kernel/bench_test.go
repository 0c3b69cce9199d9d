package kernel

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"
)

func BenchmarkMatMul(b *testing.B) {
	for _, path := range Paths()[1:] {
		for _, s := range []struct {
			f       int
			m, n, k int
		}{
			{0, 128, 256, 784}, {0, 16, 256, 784}, {0, 16, 128, 256}, {0, 16, 10, 128}, {0, 128, 10, 128}, {0, 64, 64, 64},
			{0, 128, 128, 128}, {0, 256, 256, 256}, {0, 512, 512, 512}, {0, 1024, 1024, 1024},
			{0, 1, 256, 784}, {0, 4, 256, 784},
			{0, 6, 784, 25}, {0, 16, 100, 150}, {0, 6, 25, 784}, {0, 16, 150, 100}, {1, 25, 784, 6}, {1, 150, 100, 16}, {0, 16, 120, 400}, {0, 16, 84, 120}, {0, 64, 8192, 576}, {0, 16, 8192, 27},
			{1, 784, 256, 16}, {1, 784, 256, 128}, {1, 256, 128, 16}, {1, 128, 10, 16}, {1, 256, 256, 256}, {1, 512, 512, 512}, {1, 1024, 1024, 1024},
			{2, 16, 256, 128}, {2, 128, 256, 128}, {2, 16, 128, 10}, {2, 6, 25, 784}, {2, 16, 150, 100}, {2, 256, 256, 256}, {2, 1024, 1024, 1024},
		} {
			b.Run(fmt.Sprintf("%s/%s/%dx%dx%d", path, multiplies[s.f].name, s.m, s.n, s.k), func(b *testing.B) {
				defer Use(path)()
				rng := rand.New(rand.NewPCG(1, 1))
				x, y, z := noise(rng, s.m*s.k), noise(rng, s.k*s.n), make([]float32, s.m*s.n)
				call := func() { multiplies[s.f].f(z, x, y, s.m, s.n, s.k, false) }
				reportBest(b, 2*s.m*s.n*s.k, call)
			})
		}
	}
}

// BenchmarkMatMulPortable is a size the portable path can do in a moment.
func BenchmarkMatMulPortable(b *testing.B) {
	defer Use("portable")()
	rng := rand.New(rand.NewPCG(1, 1))
	const n = 64
	x, y, z := noise(rng, n*n), noise(rng, n*n), make([]float32, n*n)
	reportBest(b, 2*n*n*n, func() { MatMul(z, x, y, n, n, n, false) })
}

func BenchmarkVector(b *testing.B) {
	const n = 64 << 10
	rng := rand.New(rand.NewPCG(1, 1))
	x, y, z := noise(rng, n), noise(rng, n), noise(rng, n)
	for _, f := range []struct {
		name string
		call func()
	}{
		{"AddScaled", func() { AddScaled(x, 1e-9, y) }},
		{"ScaleTo", func() { ScaleTo(x, 1, y) }},
		{"Add", func() { Add(x, y) }},
		{"ReLU", func() { ReLU(x, y) }},
		{"ReLUBackward", func() { ReLUBackward(x, y, z) }},
		{"AddRow", func() { AddRow(x, y, n/256, 256) }},
		{"AddRow10", func() { AddRow(x, y, n/10, 10) }},
		{"AddRowReLU", func() { AddRowReLU(x, y, n/256, 256) }},
		{"SumRows", func() { SumRows(x, y, n/256, 256) }},
		{"SumSquares", func() { sum = SumSquares(x) }},
		{"Transpose", func() { Transpose(x, y, n/256, 256) }},
		{"Nesterov", func() { Nesterov(x, y, 0.5) }},
		{"Adam", func() { Adam(x, y, z, adamFactors) }},
	} {
		for _, path := range Paths() {
			b.Run(f.name+"/"+path, func(b *testing.B) {
				defer Use(path)()
				for b.Loop() {
					f.call()
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/element")
			})
		}
	}
}

var sum float64

// reportBest runs a call in short rounds, each beside a round of the peak probe,
// and reports the best of both. On a machine shared with others, the best is
// what repeats.
func reportBest(b *testing.B, operations int, call func()) {
	const round = 100 * time.Microsecond
	calls := 1
	for call(); ; calls *= 2 {
		if timed(calls, call) > round/2 {
			break
		}
	}
	rate, peak := 0.0, 0.0
	for b.Loop() {
		rate = max(rate, float64(calls*operations)/float64(timed(calls, call)))
		var n int
		t := timed(1, func() { n = Peak(20000) })
		peak = max(peak, float64(n)/float64(t))
	}
	b.ReportMetric(float64(operations)/rate, "ns/op")
	b.ReportMetric(rate, "GFLOP/s")
	b.ReportMetric(100*rate/peak, "%peak")
}

func timed(n int, call func()) time.Duration {
	start := time.Now()
	for range n {
		call()
	}
	return time.Since(start)
}
