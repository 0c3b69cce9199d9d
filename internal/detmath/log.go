// Copyright 2009 The Go Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE.golang file.

package detmath

import "math"

// The original C code and the constants below are from FreeBSD's
// /usr/src/lib/msun/src/e_log.c and came with this notice. The go code is a
// simpler version of the original C.
//
// ====================================================
// Copyright (C) 1993 by Sun Microsystems, Inc. All rights reserved.
//
// Developed at SunPro, a Sun Microsystems, Inc. business.
// Permission to use, copy, modify, and distribute this
// software is freely granted, provided that this notice
// is preserved.
// ====================================================

// Log returns the natural logarithm of x: -Inf for ±0, +Inf for +Inf, NaN for
// x < 0 and for NaN.
func Log(x float64) float64 {
	switch {
	case math.IsNaN(x) || x < 0:
		return math.NaN()
	case x == 0:
		return math.Inf(-1)
	case math.IsInf(x, 1):
		return x
	}
	m, e := splitSqrt2(x)
	f := m - 1
	k := float64(e)
	hfsq := float64(0.5 * float64(f*f))
	s := f / (2 + f)
	r := logTail(float64(s * s))
	return float64(k*ln2Hi) - ((hfsq - (float64(s*(hfsq+r)) + float64(k*ln2Lo))) - f)
}

// splitSqrt2 returns m and e with x = m * 2**e and sqrt(1/2) <= m < sqrt(2), for
// a finite x > 0.
func splitSqrt2(x float64) (m float64, e int) {
	m, e = math.Frexp(x)
	if m < math.Sqrt2/2 {
		m *= 2
		e--
	}
	return m, e
}

// logTail returns R with log(1+f) = 2s + s*R, s = f/(2+f), given s² (a Remez
// polynomial of degree 14 in s, error below 2**-58.45).
func logTail(z float64) float64 {
	const (
		l1 = 6.666666666666735130e-01
		l2 = 3.999999999940941908e-01
		l3 = 2.857142874366239149e-01
		l4 = 2.222219843214978396e-01
		l5 = 1.818357216161805012e-01
		l6 = 1.531383769920937332e-01
		l7 = 1.479819860511658591e-01
	)
	w := float64(z * z)
	odd := l5 + float64(w*l7)
	odd = l3 + float64(w*odd)
	odd = l1 + float64(w*odd)
	even := l4 + float64(w*l6)
	even = l2 + float64(w*even)
	return float64(z*odd) + float64(w*even)
}
