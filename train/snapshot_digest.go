package train

import (
	"math"
	"math/bits"
)

// digest returns 64 bits that tell two states apart. Nodes compare it every few
// steps: equal states have equal digests, and one number that has changed
// always changes it. It is quick and no protection against malice; files have
// a SHA-256.
func (s *snapshot) digest() uint64 {
	var h mixer
	h.word(uint64(s.state.Step))
	h.word(uint64(s.state.SamplesSeen))
	h.word(math.Float64bits(s.state.EpochLoss))
	h.word(uint64(s.state.EpochRows))
	h.word(uint64(s.state.epoch))
	h.word(s.state.Rows)
	if s.state.Ended {
		h.word(1)
	}
	for _, n := range s.classRows {
		h.word(uint64(n))
	}
	h.vector(s.params)
	h.vector(s.running)
	for _, slot := range s.slots {
		h.vector(slot.Data)
	}
	h.word(uint64(len(s.weigher)))
	for _, x := range s.weigher {
		h.word(math.Float64bits(x))
	}
	return h.sum
}

// mixer takes words in with the round of xxHash64 (Yann Collet), which is a
// bijection of the sum for each word, and of the word for each sum.
type mixer struct{ sum uint64 }

const (
	prime1 = 0x9E3779B185EBCA87
	prime2 = 0xC2B2AE3D27D4EB4F
)

func mix(sum, word uint64) uint64 {
	return bits.RotateLeft64(sum+word*prime2, 31) * prime1
}

func (h *mixer) word(x uint64) { h.sum = mix(h.sum, x) }

// vector takes in the length and the numbers, in four lanes of their own: the
// processor works on them at once.
func (h *mixer) vector(x []float32) {
	h.word(uint64(len(x)))
	var lane [4]uint64
	for ; len(x) >= 8; x = x[8:] {
		lane[0] = mix(lane[0], pair(x[0], x[1]))
		lane[1] = mix(lane[1], pair(x[2], x[3]))
		lane[2] = mix(lane[2], pair(x[4], x[5]))
		lane[3] = mix(lane[3], pair(x[6], x[7]))
	}
	for _, v := range x {
		lane[0] = mix(lane[0], uint64(math.Float32bits(v)))
	}
	for _, l := range lane {
		h.word(l)
	}
}

func pair(a, b float32) uint64 {
	return uint64(math.Float32bits(a)) | uint64(math.Float32bits(b))<<32
}
