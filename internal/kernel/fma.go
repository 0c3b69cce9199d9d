package kernel

import "math"

// FMA returns x*y + z rounded once to float32 on every machine.
//
// The product of two float32 is exact in float64, so only the sum has to be
// rounded with care; see delicate.
func FMA(x, y, z float32) float32 {
	return float32(fma(float64(x)*float64(y), float64(z)))
}

// fma returns p + z rounded once to float32, for a product p of two float32 and
// a float32 z, all held in float64. Since p is exact, it does not matter whether
// the compiler fuses the product with the sum.
func fma(p, z float64) float64 {
	s := p + z
	if delicate(s) {
		s = roundToOdd(p, z, s)
	}
	return float64(float32(s))
}

const (
	lowBits  = 1<<29 - 1    // of a float64's significand, cut off by float32
	halfway  = 1 << 28      // their pattern half way between two float32
	smallest = (1023 - 126) // biased exponent of the smallest normal float32
)

// delicate reports whether rounding the sum s to float32 might be wrong, given
// that it has been rounded to float64 before.
//
// The sum in float64 falls on the same side of every point half way between
// two float32 as the exact sum does, unless it is such a point: those points
// are float64 themselves, and rounding is monotonic. They end in a one and 28
// zeros, but for those below the normal range of float32, where all sums other
// than zero are delicate.
func delicate(s float64) bool {
	b := math.Float64bits(s)
	return b&lowBits == halfway || b<<1-1 < smallest<<53-1
}

// roundToOdd returns p + z rounded to odd: cut to float64, with the last bit
// set if anything was lost. Rounding that to float32 is correct, since float64
// has more than two bits over float32 (Boldo and Melquiond, "Emulation of FMA
// and correctly rounded sums", IEEE Transactions on Computers 57(4), 2008).
// The argument s is p + z rounded to nearest.
//
//go:noinline
func roundToOdd(p, z, s float64) float64 {
	zz := s - p
	lost := (p - (s - zz)) + (z - zz) // TwoSum: exactly p + z - s
	b := math.Float64bits(s)
	// The error of an infinite sum or a NaN is NaN; they stay as they are.
	if lost == 0 || lost != lost || b&1 == 1 {
		return s
	}
	// The odd neighbour towards the exact sum: one further from zero if what
	// was lost has the sign of s. A sum that lost something is not zero.
	if (lost > 0) == (s > 0) {
		b++
	} else {
		b--
	}
	return math.Float64frombits(b)
}
