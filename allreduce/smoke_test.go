package allreduce

import (
	"context"
	"fmt"
	"sync"
	"testing"
)

func TestSmoke(t *testing.T) {
	for _, n := range []int{1, 2, 3, 4, 7, 8} {
		m := NewMem()
		s := 8
		var shards []int
		var names []string
		for r := 0; r <= n; r++ {
			shards = append(shards, s*r/n)
		}
		for r := 0; r < n; r++ {
			names = append(names, fmt.Sprint("n", r))
		}
		var wg sync.WaitGroup
		for r := range n {
			wg.Go(func() {
				ring, err := Form(context.Background(), m, Topology{Run: "x", Generation: 1, Rank: r, Names: names, Shards: shards, Sizes: Sizes{Bucket: 100, Segment: 5}})
				if err != nil {
					t.Error(err)
					return
				}
				defer ring.Close()
				k := shards[r+1] - shards[r]
				parts := make([][]float32, k)
				f := make([]float32, k)
				for i := range parts {
					parts[i] = make([]float32, 1001)
					for j := range parts[i] {
						parts[i][j] = float32(j + shards[r] + i)
					}
					f[i] = 1
				}
				dst := make([]float32, 1001)
				for step := range 3 {
					if err := ring.At(uint64(step)).Sum(context.Background(), dst, parts, f); err != nil {
						t.Error(err)
						return
					}
				}
				for j := range dst {
					if dst[j] != float32(8*j+28) {
						t.Error(r, j, dst[j])
						return
					}
				}
			})
		}
		wg.Wait()
	}
}
