package dataset

import (
	"cmp"
	"slices"
)

// The streams of the hash. Their numbers are part of the protocol that other
// programs rebuild our rows by: append, never renumber.
const (
	streamSplit uint64 = 0 // training or test
	streamTail  uint64 = 1 // which rows the long tail keeps
	streamFlip  uint64 = 2 // whether a label is flipped
	streamWhich uint64 = 3 // which label it gets
	streamVal   uint64 = 4 // training or validation
	streamOrder uint64 = 5 // order of the glyphs' classes along the tail
)

// streamText is where an n-gram of a text goes: Bag's own, stored models need it.
const streamText uint64 = 6

// mix hashes (seed, i, stream) to 64 bits: SplitMix64's finaliser on a
// counter. All arithmetic wraps.
func mix(seed, i, stream uint64) uint64 {
	x := (i+1)*0x9E3779B97F4A7C15 + seed*0xD1B54A32D192ED03 + stream*0x8CB92BA72F3D8DD7
	z := (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9
	z = (z ^ (z >> 27)) * 0x94D049BB133111EB
	return z ^ (z >> 31)
}

// hashSort sorts rows by (mix(seed, row, stream), row), in place.
func hashSort(rows []int32, seed, stream uint64) {
	slices.SortFunc(rows, func(a, b int32) int {
		return cmp.Or(
			cmp.Compare(mix(seed, uint64(a), stream), mix(seed, uint64(b), stream)),
			cmp.Compare(a, b),
		)
	})
}
