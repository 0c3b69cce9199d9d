package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/ballast-ml/ballast/internal/bench"
)

// kernels compares our products with OpenBLAS, both with the best of all
// rounds.
func kernels(ctx context.Context, c comparison) (table, error) {
	products := bench.Products()
	ours := make(map[string]bench.KernelResult) // by path and index
	theirs := make([]float64, len(products))
	key := func(path string, i int) string { return fmt.Sprint(path, i) }
	version := ""
	err := c.eachRound("kernels", func() error {
		for i, p := range products {
			results, err := bench.Kernels(ctx, []bench.Product{p}, 100)
			if err != nil {
				return err
			}
			for _, r := range results {
				best := ours[key(r.Path, i)]
				if r.Gflops > best.Gflops {
					peak := max(r.Peak, best.Peak)
					best = r
					best.Peak = peak
				}
				best.Peak = max(best.Peak, r.Peak)
				ours[key(r.Path, i)] = best
			}
		}
		v, rates, err := c.blas(ctx, products, 100)
		for i, r := range rates {
			theirs[i] = max(theirs[i], r)
		}
		version = v
		return err
	})
	t := table{
		Text: "One thread, best of all rounds, GFLOP/s; percent of the multiply-add peak that registers reach in the same rounds. Convolutions " +
			"(w·see, see·dy) read the image in place; OpenBLAS is given the finished matrix of what the taps see. Aims: 75 % for the squares " +
			"on both paths, 60 % for 128×256×784 and its two gradients, 45 % for 64×8192×576, nowhere slower than OpenBLAS.",
		Peer: version,
		Head: []string{"model", "product", "m×n×k", "AVX-512", "% of peak", "AVX2", "% of peak", "OpenBLAS", "ratio", "aim", "met"},
	}
	for i, p := range products {
		fast, avx2 := ours[key("avx512", i)], ours[key("avx2", i)]
		best := fast
		if best.Gflops == 0 {
			best = avx2
		}
		ratio := best.Gflops / theirs[i]
		percent := func(r bench.KernelResult) float64 { return 100 * r.Gflops / r.Peak }
		least := aimOf(p)
		ok := ratio >= 1 && percent(best) >= least && (p.Model != "square" || percent(avx2) >= least)
		aim := "ratio ≥ 1"
		if least > 0 {
			aim = fmt.Sprintf("≥ %.0f %%, ratio ≥ 1", least)
		}
		t.row(p.Model, p.Op, fmt.Sprintf("%d×%d×%d", p.M, p.N, p.K),
			fmt.Sprintf("%.0f", fast.Gflops), fmt.Sprintf("%.0f", percent(fast)), fmt.Sprintf("%.0f", avx2.Gflops), fmt.Sprintf("%.0f", percent(avx2)),
			fmt.Sprintf("%.0f", theirs[i]), fmt.Sprintf("%.2f", ratio), aim, met(ok))
	}
	return t, err
}

// aimOf is the percentage of the peak that a product should reach.
func aimOf(p bench.Product) float64 {
	switch {
	case p.Model == "square":
		return 75
	case p.Model == "wide":
		return 45
	case p.Model == "mlp" && slices.Contains([]int{p.M, p.K}, 784) || p.Model == "mlp" && p.N == 784:
		return 60
	}
	return 0
}

// olderSteps is steps beside the older PyTorch.
func olderSteps(ctx context.Context, c comparison) (table, error) {
	if c.older == "" {
		return table{}, errors.New("want a Python with an older torch: -older or BALLAST_PEER_OLDER")
	}
	c.python = c.older
	return steps(ctx, c)
}

// steps compares training steps with PyTorch's.
func steps(ctx context.Context, c comparison) (table, error) {
	const seconds = 2
	type pair struct{ ours, theirs, best, theirBest, ratios []float64 }
	pairs := make(map[string]*pair)
	version := ""
	key := func(model string, n int) string { return fmt.Sprint(model, n) }
	err := c.eachRound("step", func() error {
		for _, model := range bench.Models {
			for n := 1; n <= 2; n++ {
				p := pairs[key(model, n)]
				if p == nil {
					p = new(pair)
					pairs[key(model, n)] = p
				}
				r, err := c.crew.Step(ctx, n, bench.StepTask{Model: model, Method: "absgd", Transport: bench.BestTransport, Duration: seconds * time.Second})
				if err != nil {
					return err
				}
				peer, err := c.torch(ctx, model, n, seconds)
				if err != nil {
					return err
				}
				version = peer.Impl
				p.ours, p.theirs = append(p.ours, r.Samples), append(p.theirs, peer.Samples)
				p.best, p.theirBest = append(p.best, r.Best), append(p.theirBest, peer.best())
				p.ratios = append(p.ratios, r.Samples/peer.Samples)
			}
		}
		return nil
	})
	if err != nil {
		return table{}, err
	}
	t := table{
		Text: "The same network, batch (128 a process, ResNet-20 32), ABSGD weights, momentum and weight decay on random data; one core a process, one shard " +
			"each; two processes beside DDP over gloo. Samples per second: the median over rounds of the median step, and the fastest step of all. " +
			"The ratio is the median over rounds, with the least and the greatest.",
		Peer: version,
		Head: []string{"model", "processes", "PyTorch", "fastest", "Ballast", "fastest", "ratio", "of the fastest", "aim", "met"},
	}
	aims := map[string]float64{"mlp": 2, "lenet": 2.5, "resnet20": 1.3}
	for _, model := range bench.Models {
		for n := 1; n <= 2; n++ {
			p, aim := pairs[key(model, n)], aims[model]
			t.row(model, fmt.Sprint(n), fmt.Sprintf("%.0f", bench.Median(p.theirs)), fmt.Sprintf("%.0f", slices.Max(p.theirBest)),
				fmt.Sprintf("%.0f", bench.Median(p.ours)), fmt.Sprintf("%.0f", slices.Max(p.best)), spread(p.ratios),
				fmt.Sprintf("%.2f", slices.Max(p.best)/slices.Max(p.theirBest)), fmt.Sprintf("≥ %.1f", aim), met(bench.Median(p.ratios) >= aim))
		}
	}
	return t, nil
}

// ring compares the ring's transports with gloo.
func ring(ctx context.Context, c comparison) (table, error) {
	const nodes = 2
	sizes := []int{8, 4 << 10, 64 << 10, 1 << 20, 16 << 20, 64 << 20}
	type key struct {
		transport string
		size      int
	}
	medians, bests, ratios := make(map[key][]float64), make(map[key][]float64), make(map[key][]float64)
	err := c.eachRound("ring", func() error {
		times, err := c.gloo(ctx, nodes, sizes)
		if err != nil {
			return err
		}
		for size, v := range times {
			k := key{"gloo", size}
			medians[k], bests[k] = append(medians[k], v[0]), append(bests[k], v[1])
		}
		for _, name := range bench.Transports() {
			results, err := c.crew.Ring(ctx, nodes, bench.RingTask{Transport: name, Sizes: sizes, PerSize: 300 * time.Millisecond})
			if err != nil {
				return err
			}
			for _, r := range results {
				k := key{name, r.Bytes}
				medians[k], bests[k] = append(medians[k], r.Micros), append(bests[k], r.Best)
				ratios[k] = append(ratios[k], times[r.Bytes][0]/r.Micros)
			}
		}
		return nil
	})
	if err != nil {
		return table{}, err
	}
	t := table{
		Text: "Sums over two processes, one core and one shard each: microseconds, the median over rounds of the median call, and the shortest call of all; " +
			"the bus bandwidth is that of the median (as nccl-tests define it; with two processes it is size by time).",
		Peer: "gloo of the same PyTorch",
		Head: []string{"bytes", "transport", "µs", "shortest", "GB/s", "gloo µs", "shortest", "ratio", "aim", "met"},
	}
	large := map[string]float64{"shm": 5, "tcp": 1.2, "grpc": 0.75}
	for _, size := range sizes {
		for _, name := range bench.Transports() {
			k, g := key{name, size}, key{"gloo", size}
			aim := 0.0
			switch {
			case size <= 64<<10:
				aim = 1.5
			case size == 16<<20:
				aim = large[name]
			}
			goal, done := "", ""
			if aim > 0 {
				goal, done = fmt.Sprintf("≥ %.2g", aim), met(bench.Median(ratios[k]) >= aim)
			}
			us := bench.Median(medians[k])
			t.row(fmt.Sprint(size), name, fmt.Sprintf("%.1f", us), fmt.Sprintf("%.1f", slices.Min(bests[k])), fmt.Sprintf("%.3f", float64(size)/us/1e3),
				fmt.Sprintf("%.1f", bench.Median(medians[g])), fmt.Sprintf("%.1f", slices.Min(bests[g])), spread(ratios[k]), goal, done)
		}
	}
	return t, nil
}
