package allreducetest

import (
	"math"
	"math/rand/v2"

	"github.com/ballast-ml/ballast/allreduce"
	"github.com/ballast-ml/ballast/internal/kernel"
)

// Reference computes what Sum promises, one element after the other, on one
// goroutine: parts and factors are those of all S shards, bucket is the length
// of a bucket (0: the contract's).
func Reference(dst []float32, parts [][]float32, factors []float32, bucket int) {
	if bucket == 0 {
		bucket = allreduce.BucketFloats
	}
	s := len(parts)
	for e := range dst {
		start := e / bucket * bucket
		n := min(bucket, len(dst)-start)
		c := 0
		for e-start >= n*(c+1)/s {
			c++
		}
		var p float32
		for i := range s {
			shard := (c + i) % s
			switch g := parts[shard]; {
			case g == nil:
			case i == 0:
				p = factors[shard] * g[e]
			default:
				p = kernel.FMA(factors[shard], g[e], p)
			}
		}
		dst[e] = p
	}
}

// Inputs returns parts and factors for S shards: normal values of very
// different sizes, so that another order of additions gives other bits. Every
// fifth shard, from the fourth on, is nil, and every sixth has factor 0.
func Inputs(shards, length int, seed uint64) (parts [][]float32, factors []float32) {
	rng := rand.New(rand.NewPCG(seed, 1))
	for s := range shards {
		factors = append(factors, rng.Float32())
		if s%6 == 5 {
			factors[s] = 0
		}
		if s%5 == 3 {
			parts = append(parts, nil)
			continue
		}
		g := make([]float32, length)
		for i := range g {
			g[i] = float32(rng.NormFloat64() * math.Exp2(float64(rng.IntN(24))))
		}
		parts = append(parts, g)
	}
	return parts, factors
}

// Bounds spreads shards over nodes as evenly as can be.
func Bounds(shards, nodes int) []int {
	b := make([]int, nodes+1)
	for r := range b {
		b[r] = shards * r / nodes
	}
	return b
}
