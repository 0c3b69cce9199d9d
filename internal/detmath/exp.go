// Copyright 2009 The Go Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE.golang file.

package detmath

import "math"

// The original C code and the constants below are from FreeBSD's
// /usr/src/lib/msun/src/e_exp.c and came with this notice. The go code is a
// simplified version of the original C.
//
// ====================================================
// Copyright (C) 2004 by Sun Microsystems, Inc. All rights reserved.
//
// Permission to use, copy, modify, and distribute this
// software is freely granted, provided that this notice
// is preserved.
// ====================================================

const (
	ln2Hi = 6.93147180369123816490e-01 // the first 32 bits of log 2: k*ln2Hi is exact
	ln2Lo = 1.90821492927058770002e-10
	log2e = 1.44269504088896338700e+00

	expOverflow  = 7.09782712893383973096e+02
	expUnderflow = -7.45133219101941108420e+02
)

// Exp returns e**x: +Inf above 709.78, 0 below -745.13, NaN for NaN.
func Exp(x float64) float64 {
	const nearZero = 1.0 / (1 << 28)
	switch {
	case math.IsNaN(x):
		return math.NaN()
	case x > expOverflow:
		return math.Inf(1)
	case x < expUnderflow:
		return 0
	case -nearZero < x && x < nearZero:
		return 1 + x
	}
	return expSum(x, 0)
}

// expSum returns e**(x+y) for a finite x within the range of Exp and
// |y| <= ulp(x).
func expSum(x, y float64) float64 {
	// x = k*log 2 + r with |r| <= log(2)/2; r = hi - lo for extra precision.
	k := int(float64(log2e*x) + math.Copysign(0.5, x))
	hi := x - float64(float64(k)*ln2Hi)
	lo := float64(float64(k)*ln2Lo) - y
	return expReduced(hi, lo, k)
}

// expReduced returns e**(hi-lo) * 2**k for |hi-lo| <= log(2)/2.
//
// With R(r) = r*(e**r+1)/(e**r-1) = 2 + P1*r² + P2*r⁴ + ... (a Remez polynomial,
// error below 2**-59) and c = r - (R-2), e**r = 1 + r + r*c/(2-c).
func expReduced(hi, lo float64, k int) float64 {
	const (
		p1 = 1.66666666666666657415e-01
		p2 = -2.77777777770155933842e-03
		p3 = 6.61375632143793436117e-05
		p4 = -1.65339022054652515390e-06
		p5 = 4.13813679705723846039e-08
	)
	r := hi - lo
	t := float64(r * r)
	p := p4 + float64(t*p5)
	p = p3 + float64(t*p)
	p = p2 + float64(t*p)
	p = p1 + float64(t*p)
	c := r - float64(t*p)
	y := 1 - ((lo - float64(r*c)/(2-c)) - hi)
	if k < -1021 || k > 1022 {
		return math.Ldexp(y, k)
	}
	return math.Float64frombits(math.Float64bits(y) + uint64(k)<<52) // y is in [1/2, 2): Ldexp, which looks twice as long
}
