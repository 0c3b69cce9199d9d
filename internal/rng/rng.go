// Package rng is the counter-based random number generator behind every
// random choice that reaches a model.
//
// A draw is a pure function of (seed, purpose, coordinates, index). Nothing is
// ever drawn "next": there is no state to save, to send to a node that joins,
// or to lose when shards move, and the order in which goroutines ask changes
// nothing. The coordinates name the thing that is random (a layer, a step, a
// position in the global batch, a sample id), never who computes it (a rank, a
// time, a call order).
//
// The mixing function is SplitMix64's finaliser (Steele, Lea and Flood, "Fast
// splittable pseudorandom number generators", OOPSLA 2014), applied to a key
// advanced by the golden ratio for each index.
package rng

import (
	"math"
	"math/bits"

	"github.com/ballast-ml/ballast/internal/detmath"
)

// Purpose keeps the uses of one seed apart: streams of different purposes are
// independent even where their coordinates are equal.
type Purpose uint64

// The purposes. Their numbers are part of the numeric contract: append, never
// renumber.
const (
	Init    Purpose = 1 // initial parameters: coordinates (layer, tensor)
	Dropout Purpose = 2 // masks: coordinates (layer, step, position in the global batch)
	Shuffle Purpose = 3 // order of an epoch: coordinates (epoch)
	Augment Purpose = 4 // image augmentation: coordinates (step, position in the global batch)
	Glyph   Purpose = 5 // the built-in data: coordinates (part, sample id)

	Bootstrap Purpose = 6 // rows of a bootstrap sample: coordinates (sample)
	Search    Purpose = 7 // settings to try: coordinates (trial, dimension)
	Permute   Purpose = 8 // a column's values among rows: coordinates (repeat)
)

const golden = 0x9E3779B97F4A7C15

// Stream is a sequence of independent draws, addressed by index. The zero
// value is a valid stream, but New is the way to get one that differs from
// the others.
type Stream struct{ key uint64 }

// New returns the stream of a purpose at the given coordinates under seed.
func New(seed uint64, purpose Purpose, coords ...uint64) Stream {
	key := mix(seed + golden*uint64(purpose))
	for _, c := range coords {
		key = mix(key ^ mix(c+golden))
	}
	return Stream{key}
}

// Uint64 returns draw i, uniform over all 64-bit numbers.
func (s Stream) Uint64(i uint64) uint64 { return mix(s.key + (i+1)*golden) }

// Float64 returns draw i, uniform in [0, 1) with 53 random bits.
func (s Stream) Float64(i uint64) float64 { return float64(s.Uint64(i)>>11) * 0x1p-53 }

// Float32 returns draw i, uniform in [0, 1) with 24 random bits.
func (s Stream) Float32(i uint64) float32 { return float32(s.Uint64(i)>>40) * 0x1p-24 }

// IntN returns draw i, uniform in [0, n) up to a bias below n/2^64. It panics
// if n <= 0.
func (s Stream) IntN(i uint64, n int) int {
	if n <= 0 {
		panic("rng: IntN of n <= 0")
	}
	hi, _ := bits.Mul64(s.Uint64(i), uint64(n))
	return int(hi)
}

// Norm returns draw i, standard normal (Box and Muller). It uses the raw draws
// 2i and 2i+1, so do not mix it with the other methods on one stream.
func (s Stream) Norm(i uint64) float64 {
	u := 1 - s.Float64(2*i) // (0, 1]
	v := s.Float64(2*i + 1)
	return float64(math.Sqrt(float64(-2*detmath.Log(u))) * detmath.Cos(float64(2*math.Pi*v)))
}

// Perm fills p with a random permutation of 0..len(p)-1 (Fisher and Yates).
func (s Stream) Perm(p []int32) {
	for i := range p {
		p[i] = int32(i)
	}
	for i := len(p) - 1; i > 0; i-- {
		j := s.IntN(uint64(i), i+1)
		p[i], p[j] = p[j], p[i]
	}
}

func mix(z uint64) uint64 {
	z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9
	z = (z ^ (z >> 27)) * 0x94D049BB133111EB
	return z ^ (z >> 31)
}
