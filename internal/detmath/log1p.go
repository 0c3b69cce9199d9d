// Copyright 2010 The Go Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE.golang file.

package detmath

import "math"

// The original C code and the constants below are from FreeBSD's
// /usr/src/lib/msun/src/s_log1p.c and came with this notice. The go code is a
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

// Log1p returns log(1+x), accurate near 0 too: ±0 for ±0, -Inf for -1, +Inf for
// +Inf, NaN for x < -1 and for NaN.
func Log1p(x float64) float64 {
	const (
		sqrt2M1     = 4.142135623730950488017e-01
		sqrt2HalfM1 = -2.928932188134524755992e-01
		small       = 1.0 / (1 << 29)
		tiny        = 1.0 / (1 << 54)
	)
	abs := math.Abs(x)
	switch {
	case x < -1 || math.IsNaN(x):
		return math.NaN()
	case x == -1:
		return math.Inf(-1)
	case math.IsInf(x, 1):
		return x
	case abs < tiny:
		return x
	case abs < small:
		return x - float64(float64(x*x)*0.5)
	case sqrt2HalfM1 < x && x < sqrt2M1: // 1+x needs no reduction, f = x is exact
		hfsq := float64(0.5 * float64(x*x))
		s := x / (2.0 + x)
		return x - (hfsq - float64(s*(hfsq+log1pTail(float64(s*s)))))
	}
	return log1pReduced(x)
}

// log1pReduced is Log1p where 1+x = 2**k * (1+f) with k != 0, or rounds.
func log1pReduced(x float64) float64 {
	const mantissaSqrt2 = 0x0006a09e667f3bcd
	// u is 1+x rounded, and log(1+x) - log u is about c/u.
	var u, c float64
	if x < 1<<53 {
		u = 1.0 + x
		if u >= 2 {
			c = 1.0 - (u - x)
		} else {
			c = x - (u - 1.0)
		}
		c /= u
	} else {
		u = x
	}
	iu := math.Float64bits(u)
	e := int(iu>>52) - 1023
	iu &= 1<<52 - 1
	if iu < mantissaSqrt2 {
		u = math.Float64frombits(iu | 0x3ff0000000000000)
	} else {
		e++
		u = math.Float64frombits(iu | 0x3fe0000000000000)
	}
	k := float64(e)
	f := u - 1.0
	c += float64(k * ln2Lo)
	if f == 0 {
		return float64(k*ln2Hi) + c
	}
	hfsq := float64(0.5 * float64(f*f))
	s := f / (2.0 + f)
	r := log1pTail(float64(s * s))
	return float64(k*ln2Hi) - ((hfsq - (float64(s*(hfsq+r)) + c)) - f)
}

// log1pTail is logTail, with the polynomial in one chain as in the original.
func log1pTail(z float64) float64 {
	const (
		lp1 = 6.666666666666735130e-01
		lp2 = 3.999999999940941908e-01
		lp3 = 2.857142874366239149e-01
		lp4 = 2.222219843214978396e-01
		lp5 = 1.818357216161805012e-01
		lp6 = 1.531383769920937332e-01
		lp7 = 1.479819860511658591e-01
	)
	r := lp6 + float64(z*lp7)
	r = lp5 + float64(z*r)
	r = lp4 + float64(z*r)
	r = lp3 + float64(z*r)
	r = lp2 + float64(z*r)
	r = lp1 + float64(z*r)
	return float64(z * r)
}
