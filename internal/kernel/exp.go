package kernel

import "math"

// Exp sets dst[i] to the exponential of x[i], within 1 ulp: +Inf above the
// range of float64, subnormal numbers and 0 below, NaN for NaN. In place is
// fine. It panics if the lengths differ.
func Exp(dst, x []float64) {
	equal("Exp", len(dst), len(x))
	for len(dst) > portion {
		Exp(dst[:portion], x[:portion])
		dst, x = dst[portion:], x[portion:]
	}
	if expVec(dst, x) {
		return
	}
	for i, v := range x {
		dst[i] = expGo(v)
	}
}

// overFactorial has 1/n!, divided down from 13! as the generator does.
var overFactorial = func() (c [14]float64) {
	f := 1.0
	for i := 2; i <= 13; i++ {
		f *= float64(i)
	}
	c[13] = 1 / f
	for i := 13; i > 0; i-- {
		f /= float64(i)
		c[i-1] = 1 / f
	}
	return c
}()

// expGo takes out k·ln 2, which leaves r in ±ln 2/2, and sums the series of eʳ
// to r¹³/13!: the next term is below 2⁻⁵⁷. The high part of ln 2 has 33 bits, so
// k times it is exact. 2ᵏ is multiplied in two halves, so that neither overflows
// and only the second product rounds.
func expGo(x float64) float64 {
	const (
		high = 0x1.62e42fefap-1
		low  = 0x1.cf79abc9e3b3ap-40
	)
	if x != x {
		return x
	}
	x = max(min(x, 720), -760) // beyond, the result is the same
	k := math.RoundToEven(float64(x * (1 / math.Ln2)))
	r := math.FMA(-low, k, math.FMA(-high, k, x))
	p := overFactorial[13]
	for i := 12; i >= 0; i-- {
		p = math.FMA(p, r, overFactorial[i])
	}
	half := int64(k) >> 1
	p *= math.Float64frombits(uint64(half+1023) << 52)
	return float64(p * math.Float64frombits(uint64(int64(k)-half+1023)<<52))
}
