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
			{0, 6, 784, 25}, {0, 16, 100, 150}, {0, 64, 8192, 576}, {0, 16, 8192, 27},
			{1, 784, 256, 16}, {1, 784, 256, 128}, {1, 256, 128, 16}, {1, 128, 10, 16}, {1, 256, 256, 256},
			{2, 16, 256, 128}, {2, 128, 256, 128}, {2, 16, 128, 10}, {2, 6, 25, 784}, {2, 16, 150, 100}, {2, 256, 256, 256},
		} {
			b.Run(fmt.Sprintf("%s/%s/%dx%dx%d", path, multiplies[s.f].name, s.m, s.n, s.k), func(b *testing.B) {
				defer Use(path)()
				rng := rand.New(rand.NewPCG(1, 1))
				x, y, z := noise(rng, s.m*s.k), noise(rng, s.k*s.n), make([]float32, s.m*s.n)
				for b.Loop() {
					multiplies[s.f].f(z, x, y, s.m, s.n, s.k, false)
				}
				rate := 2 * float64(s.m*s.n*s.k) * float64(b.N) / float64(b.Elapsed().Nanoseconds())
				b.ReportMetric(rate, "GFLOP/s")
				b.ReportMetric(100*rate/peakRate(), "%peak")
			})
		}
	}
}

// peakRate measures the rate of multiply-adds in registers, in GFLOP/s, best of
// a few short rounds.
func peakRate() float64 {
	best := 0.0
	for range 5 {
		start := time.Now()
		n := Peak(20000)
		best = max(best, float64(n)/float64(time.Since(start).Nanoseconds()))
	}
	return best
}
