package dataset

import (
	"math"
	"math/bits"
)

// digestWord takes a word into a digest that tells streams apart which differ by
// accident: the round of xxHash64 (Yann Collet), a bijection of either.
func digestWord(sum, word uint64) uint64 {
	return bits.RotateLeft64(sum+word*0xC2B2AE3D27D4EB4F, 31) * 0x9E3779B185EBCA87
}

// digestRow takes in sample i: its class, and its values as a model sees them.
func (s *Set) digestRow(sum uint64, i int) uint64 {
	sum = digestWord(sum, uint64(s.labels[i]))
	row := s.values[i*s.dense : (i+1)*s.dense]
	for ; len(row) >= 2; row = row[2:] {
		sum = digestWord(sum, uint64(math.Float32bits(row[0]))|uint64(math.Float32bits(row[1]))<<32)
	}
	for _, v := range row {
		sum = digestWord(sum, uint64(math.Float32bits(v)))
	}
	n := len(s.places) / len(s.labels)
	for _, at := range s.places[i*n : (i+1)*n] {
		sum = digestWord(sum, uint64(uint32(at)))
	}
	n = len(s.bags) / len(s.labels)
	for _, bag := range s.bags[i*n : (i+1)*n] {
		sum = digestWord(sum, uint64(len(bag)))
		for _, e := range bag {
			sum = digestWord(sum, uint64(uint32(e.at))|uint64(math.Float32bits(e.v))<<32)
		}
	}
	return sum
}
