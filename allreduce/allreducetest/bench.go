package allreducetest

import (
	"errors"
	"fmt"
	"testing"

	"github.com/ballast-ml/ballast/allreduce"
)

// BenchmarkSum measures Sum as a user pays it, by bytes of the vector and
// number of nodes, with one shard a node (the textbook ring) and with 8. The
// MB/s are bytes of the vector by time: algorithm bandwidth. All nodes share
// this machine's cores.
func BenchmarkSum(b *testing.B, open func(b *testing.B, nodes int) Net) {
	for _, bytes := range []int{8, 4 << 10, 64 << 10, 1 << 20, 16 << 20} {
		for _, nodes := range []int{1, 2, 4} {
			for _, shards := range []int{nodes, 8} {
				b.Run(fmt.Sprintf("bytes=%d/nodes=%d/shards=%d", bytes, nodes, shards), func(b *testing.B) {
					bounds := Bounds(shards, nodes)
					rings := open(b, nodes).Form(b, bounds, allreduce.Sizes{})
					b.SetBytes(int64(bytes))
					benchmark(b, rings, bounds, bytes/4)
				})
			}
		}
	}
}

func benchmark(b *testing.B, rings []*allreduce.Ring, bounds []int, length int) {
	b.ReportAllocs()
	g := make([]float32, length)
	for i := range g {
		g[i] = 1
	}
	errs := Each(len(rings), func(r int) error {
		parts := make([][]float32, bounds[r+1]-bounds[r])
		factors := make([]float32, len(parts))
		for i := range parts {
			parts[i], factors[i] = append([]float32(nil), g...), 1
		}
		dst := make([]float32, length)
		for i := range b.N {
			if i == 1 && r == 0 {
				b.ResetTimer() // the first fills pools and caches
			}
			if err := rings[r].At(uint64(i)).Sum(b.Context(), dst, parts, factors); err != nil {
				return err
			}
		}
		return nil
	})
	if err := errors.Join(errs...); err != nil {
		b.Fatal(err)
	}
}

// BenchmarkLogSumExp measures the collective that every step waits for: 24
// bytes a shard, N-1 hops or ⌈log2 N⌉ rounds over chords.
func BenchmarkLogSumExp(b *testing.B, open func(b *testing.B, nodes int) Net) {
	for _, c := range []struct{ nodes, chords int }{{1, 9}, {2, 9}, {4, 9}, {4, 4}, {8, 9}, {8, 8}} {
		nodes := c.nodes
		b.Run(fmt.Sprintf("nodes=%d/chords=%v", nodes, nodes >= c.chords), func(b *testing.B) {
			bounds := Bounds(8, nodes)
			rings := open(b, nodes).Form(b, bounds, allreduce.Sizes{Chords: c.chords})
			b.ReportAllocs()
			b.ResetTimer()
			errs := Each(nodes, func(r int) error {
				local := make([][3]float64, bounds[r+1]-bounds[r])
				for i := range b.N {
					if _, err := rings[r].At(uint64(i)).LogSumExp(b.Context(), local); err != nil {
						return err
					}
				}
				return nil
			})
			if err := errors.Join(errs...); err != nil {
				b.Fatal(err)
			}
		})
	}
}
