package allreduce_test

import (
	"context"
	"fmt"
	"sync"

	"github.com/ballast-ml/ballast/allreduce"
)

// Two nodes host three shards and sum their gradients, each with the factor
// that its weights still lack.
func Example() {
	ctx := context.Background()
	network := allreduce.NewMem()
	gradients := [][]float32{{1, 10}, {2, 20}, {3, 30}} // by shard
	factors := []float32{0.5, 0.25, 1}

	results := make([][]float32, 2)
	var nodes sync.WaitGroup
	for rank := range 2 {
		nodes.Go(func() {
			t := allreduce.Topology{
				Run: "example", Generation: 1, Rank: rank,
				Names:  []string{"ann", "ben"},
				Shards: []int{0, 2, 3}, // ann hosts 0 and 1, ben 2
			}
			ring, err := allreduce.Form(ctx, network, t)
			if err != nil {
				fmt.Println(err)
				return
			}
			defer ring.Close()
			lo, hi := t.Shards[rank], t.Shards[rank+1]
			sum := make([]float32, 2)
			if err := ring.At(0).Sum(ctx, sum, gradients[lo:hi], factors[lo:hi]); err != nil {
				fmt.Println(err)
				return
			}
			results[rank] = sum
		})
	}
	nodes.Wait()
	fmt.Println(results[0], results[1])
	// Output: [4 40] [4 40]
}
