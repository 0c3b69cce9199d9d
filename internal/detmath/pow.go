package detmath

import "math"

// Pow returns x**y for x >= 0.
//
// The special cases, in order: Pow(x, 0) = Pow(1, y) = 1 for any x and y, NaN
// for NaN; NaN for x < 0 (the function is for bases of decay rates and class
// counts; it takes no view of negative ones); Pow(0, y) is +Inf for y < 0 and 0
// for y > 0, Pow(+Inf, y) the reverse; Pow(x, ±Inf) is 0 or +Inf by the side of
// 1 on which x lies.
func Pow(x, y float64) float64 {
	switch {
	case y == 0 || x == 1:
		return 1
	case math.IsNaN(x) || math.IsNaN(y) || x < 0:
		return math.NaN()
	case x == 0 || math.IsInf(x, 1) || math.IsInf(y, 0):
		if (x > 1) == (y > 0) {
			return math.Inf(1)
		}
		return 0
	}
	// x**y = e**(y log x), the exponent in two float64s: the error of the
	// product is multiplied by up to 709 in the result.
	lh, ll := logPair(x)
	h, l := twoProd(y, lh)
	switch {
	case h > expOverflow+1:
		return math.Inf(1)
	case h < expUnderflow-1:
		return 0
	}
	l += float64(y * ll)
	h, l = twoSum(h, l)
	switch {
	case h > expOverflow+1e-12:
		return math.Inf(1)
	case h < expUnderflow:
		return 0
	case h == 0:
		return 1
	}
	return expSum(h, l)
}

// logPair returns log x as hi+lo with a relative error below 2**-64, for a
// finite x > 0.
//
// With x = 2**k * m and s = (m-1)/(m+1), log m = 2s + 2s³/3 + 2s⁵/5 + ...; s,
// the first two terms and k log 2 are carried in two float64s, and |s| < 0.172
// makes the rest small enough for one.
func logPair(x float64) (hi, lo float64) {
	const (
		thirdsHi = 2.0 / 3
		thirdsLo = 2.0/3 - 6004799503160661.0/(1<<53) // 2/3 less its float64
	)
	m, e := splitSqrt2(x)
	f := m - 1 // exact
	d, dl := twoSum(m, 1)
	sh := f / d
	sl := (math.FMA(-sh, d, f) - float64(sh*dl)) / d

	zh, zl := mulPair(sh, sl, sh, sl) // s²
	ch, cl := mulPair(zh, zl, sh, sl) // s³
	th, tl := mulPair(ch, cl, thirdsHi, thirdsLo)
	tl += float64(float64(ch*zh) * atanhTail(zh))

	k := float64(e)
	hi, lo = twoSum(float64(k*ln2Hi), 2*sh)
	var l float64
	hi, l = twoSum(hi, th)
	lo += l + (tl + (float64(k*ln2Lo) + float64(2*sl)))
	return twoSum(hi, lo)
}

// atanhTail returns 2/5 + 2/7 z + 2/9 z² + ..., for 0 <= z < 0.03.
func atanhTail(z float64) float64 {
	r := 2.0 / 27
	for n := 25; n >= 5; n -= 2 {
		r = 2/float64(n) + float64(z*r)
	}
	return r
}

// twoSum returns a+b rounded, and what the rounding left (Knuth).
func twoSum(a, b float64) (s, e float64) {
	s = a + b
	t := s - a
	return s, (a - (s - t)) + (b - t)
}

// twoProd returns a*b rounded, and what the rounding left. math.FMA is exact by
// definition, in hardware or not.
func twoProd(a, b float64) (p, e float64) {
	p = float64(a * b)
	return p, math.FMA(a, b, -p)
}

// mulPair returns (ah+al)*(bh+bl) with a relative error of some 2**-103.
func mulPair(ah, al, bh, bl float64) (hi, lo float64) {
	h, l := twoProd(ah, bh)
	l += float64(ah*bl) + float64(al*bh)
	return twoSum(h, l)
}
