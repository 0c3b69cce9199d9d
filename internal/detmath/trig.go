// Copyright 2011 The Go Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE.golang file.

package detmath

import "math"

// The original C code and the constants below were from
// http://netlib.sandia.gov/cephes/cmath/sin.c, available from
// http://www.netlib.org/cephes/cmath.tgz. The go code is a simplified version
// of the original C.
//
// Cephes Math Library Release 2.8:  June, 2000
// Copyright 1984, 1987, 1989, 1992, 2000 by Stephen L. Moshier
//
// The readme file at http://netlib.sandia.gov/cephes/ says:
//    Some software in this archive may be from the book _Methods and
// Programs for Mathematical Functions_ (Prentice-Hall or Simon & Schuster
// International, 1989) or from the Cephes Mathematical Library, a
// commercial product. In either event, it is copyrighted by the author.
// What you see here may be used freely but it comes with no support or
// guarantee.
//
//   The two known misprints in the book are repaired here in the
// source listings for the gamma function and the incomplete beta
// integral.
//
//   Stephen L. Moshier
//   moshier@na-net.ornl.gov

// Sin returns the sine of x radians: ±0 for ±0, NaN for ±Inf and NaN.
func Sin(x float64) float64 {
	switch {
	case math.IsNaN(x) || math.IsInf(x, 0):
		return math.NaN()
	case x == 0:
		return x
	}
	j, z := octant(math.Abs(x))
	var y float64
	if j&3 == 1 || j&3 == 2 {
		y = cosPoly(z)
	} else {
		y = sinPoly(z)
	}
	if (j > 3) != (x < 0) {
		return -y
	}
	return y
}

// Cos returns the cosine of x radians: NaN for ±Inf and NaN.
func Cos(x float64) float64 {
	if math.IsNaN(x) || math.IsInf(x, 0) {
		return math.NaN()
	}
	j, z := octant(math.Abs(x))
	var y float64
	if j&3 == 1 || j&3 == 2 {
		y = sinPoly(z)
	} else {
		y = cosPoly(z)
	}
	if (j > 3) != (j&3 > 1) {
		return -y
	}
	return y
}

// octant returns z = x - j*π/4 with |z| <= π/4, and j mod 8, which is even, for a
// finite x >= 0.
func octant(x float64) (j uint64, z float64) {
	// π/4 in three parts, of which the first two have 30 and 32 trailing zero
	// bits, so that their product with j below 2**30 is exact.
	const (
		pi4a = 7.85398125648498535156e-1
		pi4b = 3.77489470793079817668e-8
		pi4c = 2.69515142907905952645e-15
	)
	if x >= 1<<29 {
		return octantHuge(x)
	}
	j = uint64(float64(x * (4 / math.Pi)))
	j += j & 1
	y := float64(j)
	z = x - float64(y*pi4a)
	z -= float64(y * pi4b)
	z -= float64(y * pi4c)
	return j & 7, z
}

// sinPoly returns sin z for |z| <= π/4.
func sinPoly(z float64) float64 {
	const (
		s0 = 1.58962301576546568060e-10
		s1 = -2.50507477628578072866e-8
		s2 = 2.75573136213857245213e-6
		s3 = -1.98412698295895385996e-4
		s4 = 8.33333333332211858878e-3
		s5 = -1.66666666666666307295e-1
	)
	w := float64(z * z)
	p := float64(s0*w) + s1
	p = float64(p*w) + s2
	p = float64(p*w) + s3
	p = float64(p*w) + s4
	p = float64(p*w) + s5
	return z + float64(float64(z*w)*p)
}

// cosPoly returns cos z for |z| <= π/4.
func cosPoly(z float64) float64 {
	const (
		c0 = -1.13585365213876817300e-11
		c1 = 2.08757008419747316778e-9
		c2 = -2.75573141792967388112e-7
		c3 = 2.48015872888517045348e-5
		c4 = -1.38888888888730564116e-3
		c5 = 4.16666666666665929218e-2
	)
	w := float64(z * z)
	p := float64(c0*w) + c1
	p = float64(p*w) + c2
	p = float64(p*w) + c3
	p = float64(p*w) + c4
	p = float64(p*w) + c5
	return (1.0 - float64(0.5*w)) + float64(float64(w*w)*p)
}
