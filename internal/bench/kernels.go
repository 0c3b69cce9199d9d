package bench

import (
	"context"
	"time"

	"github.com/ballast-ml/ballast/internal/kernel"
)

// KernelResult is the speed of a product on one path.
type KernelResult struct {
	Product
	Path    string  `json:"path"`
	Micros  float64 `json:"us"`      // of one product
	Gflops  float64 `json:"gflops"`  // 1e9 operations a second
	Peak    float64 `json:"peak"`    // of multiply-adds in registers, in the same rounds, GFLOP/s
	Percent float64 `json:"percent"` // of the peak
}

// Kernels times the products on every path of this processor, one thread,
// taking the best of several rounds. The portable path, which is slow, is
// measured on the small ones only. No kernel may run in another goroutine
// meanwhile.
func Kernels(ctx context.Context, products []Product, rounds int) ([]KernelResult, error) {
	const slow = 4e6 // operations
	var results []KernelResult
	for _, p := range products {
		call := p.call()
		paths := kernel.Paths()
		for i := len(paths) - 1; i >= 0; i-- {
			if err := ctx.Err(); err != nil {
				return nil, context.Cause(ctx)
			}
			r := rounds
			if i == 0 && len(paths) > 1 {
				if p.Operations() > slow {
					continue
				}
				r = 3
			}
			rate, peak := best(paths[i], call, p.Operations(), r)
			results = append(results, KernelResult{
				Product: p, Path: paths[i], Micros: p.Operations() / rate / 1e3,
				Gflops: rate, Peak: peak, Percent: 100 * rate / peak,
			})
		}
	}
	return results, nil
}

// best returns the best rates of the call and of the peak probe, in GFLOP/s.
func best(path string, call func(), operations float64, rounds int) (rate, peak float64) {
	defer kernel.Use(path)()
	const round = 100 * time.Microsecond
	calls := 1
	for call(); timed(calls, call) < round/2; calls *= 2 {
	}
	for range rounds {
		rate = max(rate, float64(calls)*operations/float64(timed(calls, call)))
		var n int
		t := timed(1, func() { n = kernel.Peak(20000) })
		peak = max(peak, float64(n)/float64(t))
	}
	return rate, peak
}

func timed(n int, call func()) time.Duration {
	start := time.Now()
	for range n {
		call()
	}
	return max(time.Since(start), 1)
}
