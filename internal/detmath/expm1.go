// Copyright 2010 The Go Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE.golang file.

package detmath

import "math"

// The original C code and the constants below are from FreeBSD's
// /usr/src/lib/msun/src/s_expm1.c and came with this notice. The go code is a
// simplified version of the original C.
//
// ====================================================
// Copyright (C) 1993 by Sun Microsystems, Inc. All rights reserved.
//
// Developed at SunPro, a Sun Microsystems, Inc. business.
// Permission to use, copy, modify, and distribute this
// software is freely granted, provided that this notice
// is preserved.
// ====================================================

// Expm1 returns e**x - 1, accurate near 0 too: +Inf above 709.78, -1 for -Inf,
// ±0 for ±0, NaN for NaN.
func Expm1(x float64) float64 {
	const (
		ln2x56 = 3.88162421113569373274e+01 // 56*log 2
		tiny   = 1.0 / (1 << 54)
	)
	switch abs := math.Abs(x); {
	case math.IsNaN(x):
		return math.NaN()
	case x >= expOverflow:
		return math.Inf(1)
	case x <= -ln2x56:
		return -1
	case abs < tiny:
		return x
	}
	r, c, k := expm1Reduce(x)

	// e**r - 1 = r + r²/2 + r³/2 * (3 - (R1 + R1*r/2)) / (6 - r*(3 - R1*r/2)),
	// where R1 = 6/r * ((e**r+1)/(e**r-1) - 2/r); c corrects the reduction.
	half := 0.5 * r
	sq := float64(r * half)
	r1 := expm1R1(sq)
	t := 3 - float64(r1*half)
	e := float64(sq * ((r1 - t) / (6.0 - float64(r*t))))
	if k == 0 {
		return r - (float64(r*e) - sq) // c is 0
	}
	e = float64(r*(e-c)) - c
	e -= sq
	return expm1Scale(r, e, k)
}

// expm1Reduce finds k and r+c with x = k*log 2 + (r+c), |r| <= log(2)/2.
func expm1Reduce(x float64) (r, c float64, k int) {
	const (
		ln2Half   = 3.46573590279972654709e-01
		ln2HalfX3 = 1.03972077083991796413e+00
	)
	abs := math.Abs(x)
	if abs <= ln2Half {
		return x, 0, 0
	}
	var hi, lo float64
	switch {
	case abs >= ln2HalfX3:
		k = int(float64(log2e*x) + math.Copysign(0.5, x))
		hi = x - float64(float64(k)*ln2Hi)
		lo = float64(float64(k) * ln2Lo)
	case x > 0:
		hi, lo, k = x-ln2Hi, ln2Lo, 1
	default:
		hi, lo, k = x+ln2Hi, -ln2Lo, -1
	}
	r = hi - lo
	return r, (hi - r) - lo, k
}

// expm1R1 is R1 as a polynomial in r²/2 (a Remez polynomial, error below
// 2**-61).
func expm1R1(sq float64) float64 {
	const (
		q1 = -3.33333333333331316428e-02
		q2 = 1.58730158725481460165e-03
		q3 = -7.93650757867487942473e-05
		q4 = 4.00821782732936239552e-06
		q5 = -2.01099218183624371326e-07
	)
	q := q4 + float64(sq*q5)
	q = q3 + float64(sq*q)
	q = q2 + float64(sq*q)
	q = q1 + float64(sq*q)
	return 1 + float64(sq*q)
}

// expm1Scale returns 2**k*(1+r-e) - 1 without losing bits to the order of the
// additions, for k != 0.
func expm1Scale(r, e float64, k int) float64 {
	switch {
	case k == -1:
		return float64(0.5*(r-e)) - 0.5
	case k == 1 && r < -0.25:
		return -2 * (e - (r + 0.5))
	case k == 1:
		return 1 + float64(2*(r-e))
	case k <= -2 || k > 56:
		return timesPow2(1-(e-r), k) - 1
	case k < 20:
		t := 1 - math.Float64frombits(uint64(0x3ff-k)<<52) // 1 - 2**-k
		return timesPow2(t-(e-r), k)
	}
	t := math.Float64frombits(uint64(0x3ff-k) << 52) // 2**-k
	return timesPow2((r-(e+t))+1, k)
}

// timesPow2 adds k to the exponent of y, a number near 1; at k = 1024 the
// result may still be finite.
func timesPow2(y float64, k int) float64 {
	return math.Float64frombits(math.Float64bits(y) + uint64(k)<<52)
}
