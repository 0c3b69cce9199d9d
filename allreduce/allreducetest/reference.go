package allreducetest

import (
	"math"
	"math/rand/v2"

	"github.com/ballast-ml/ballast/allreduce"
	"github.com/ballast-ml/ballast/internal/kernel"
)

// Reference computes what Sum promises, one element after the other, on one
// goroutine: parts and factors are those of all S shards, groups is the number
// of their groups (0, 1 and S: none), bucket is the length of a bucket (0: the
// contract's).
func Reference(dst []float32, parts [][]float32, factors []float32, groups, bucket int) {
	if bucket == 0 {
		bucket = allreduce.BucketFloats
	}
	if groups == 0 || groups == len(parts) {
		groups = 1
	}
	width := len(parts) / groups
	for e := range dst {
		lo := e / bucket * bucket
		c, lo, hi := partWith(e, lo, min(lo+bucket, len(dst)), width)
		g, _, _ := partWith(e, lo, hi, groups)
		var total float32
		for i := range groups {
			at := (g + i) % groups * width
			sum := foldFrom(c, e, parts[at:at+width], factors[at:at+width])
			if i == 0 {
				total = sum
			} else {
				total += sum
			}
		}
		dst[e] = total
	}
}

// partWith returns which of so many parts of [lo, hi) has e in it, and its
// bounds.
func partWith(e, lo, hi, parts int) (part, from, to int) {
	n := hi - lo
	for e >= lo+n*(part+1)/parts {
		part++
	}
	return part, lo + n*part/parts, lo + n*(part+1)/parts
}

// foldFrom returns the fold of element e of the parts that starts at one of
// them.
func foldFrom(start, e int, parts [][]float32, factors []float32) (p float32) {
	for i := range parts {
		s := (start + i) % len(parts)
		switch g := parts[s]; {
		case g == nil:
		case i == 0:
			p = factors[s] * g[e]
		default:
			p = kernel.FMA(factors[s], g[e], p)
		}
	}
	return p
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
