// Package kernel holds the loops where the time goes: matrix products and
// vector operations on float32 slices.
//
// # Contract
//
// Every function gives the same bits on every processor and on every path
// (AVX-512, AVX2, portable), whatever the alignment of its arguments, the
// number of rows it is called with, or the number of goroutines:
//
//   - Each element of a matrix product is one chain of fused multiply-adds over
//     k in ascending order, c = fma(a[k], b[k], c), starting from 0 (or from
//     the old value when accumulating). Vectors run over output elements,
//     never over k.
//   - Element-wise kernels round as their doc comment says.
//
// Slices are row-major and dense. Lengths that do not fit panic: they are the
// caller's mistake.
package kernel

import "math"

// FMA returns x*y + z rounded once to float32 on every machine.
//
// float32(math.FMA(float64...)) would round twice. The product of two float32
// is exact in float64; its sum with z is rounded to odd (TwoSum tells the
// error), after which the rounding to float32 is the correct one (Boldo and
// Melquiond, "Emulation of FMA and correctly rounded sums", 2008).
func FMA(x, y, z float32) float32 {
	p := float64(x) * float64(y)
	c := float64(z)
	s := p + c
	bb := s - p
	err := (p - (s - bb)) + (c - bb)
	if err != 0 && !math.IsInf(s, 0) && !math.IsNaN(s) {
		b := math.Float64bits(s)
		if b&1 == 0 {
			if (err > 0) == (s > 0) {
				b++
			} else {
				b--
			}
			s = math.Float64frombits(b)
		}
	}
	return float32(s)
}

// MatMul computes c = a·b, or c += a·b when acc is set, for a of m×k, b of k×n
// and c of m×n.
func MatMul(c, a, b []float32, m, n, k int, acc bool) {
	for i := range m {
		for j := range n {
			var s float32
			if acc {
				s = c[i*n+j]
			}
			for p := range k {
				s = FMA(a[i*k+p], b[p*n+j], s)
			}
			c[i*n+j] = s
		}
	}
}

// MatMulTN computes c = aᵀ·b, or c += aᵀ·b when acc is set, for a of k×m, b of
// k×n and c of m×n.
func MatMulTN(c, a, b []float32, m, n, k int, acc bool) {
	for i := range m {
		for j := range n {
			var s float32
			if acc {
				s = c[i*n+j]
			}
			for p := range k {
				s = FMA(a[p*m+i], b[p*n+j], s)
			}
			c[i*n+j] = s
		}
	}
}

// MatMulNT computes c = a·bᵀ, or c += a·bᵀ when acc is set, for a of m×k, b of
// n×k and c of m×n.
func MatMulNT(c, a, b []float32, m, n, k int, acc bool) {
	for i := range m {
		for j := range n {
			var s float32
			if acc {
				s = c[i*n+j]
			}
			for p := range k {
				s = FMA(a[i*k+p], b[j*k+p], s)
			}
			c[i*n+j] = s
		}
	}
}

// AddScaled performs dst = fma(s, x, dst), element by element.
func AddScaled(dst []float32, s float32, x []float32) {
	for i, v := range x {
		dst[i] = FMA(s, v, dst[i])
	}
}

// ScaleTo performs dst = s*x, element by element.
func ScaleTo(dst []float32, s float32, x []float32) {
	for i, v := range x {
		dst[i] = s * v
	}
}

// Add performs dst = dst + x, element by element.
func Add(dst, x []float32) {
	for i, v := range x {
		dst[i] += v
	}
}

// AddRow adds row, of length n, to each of the m rows of dst.
func AddRow(dst, row []float32, m, n int) {
	for i := range m {
		for j, v := range row[:n] {
			dst[i*n+j] += v
		}
	}
}

// SumRows performs row[j] += sum over i of x[i*n+j], adding the m rows in
// ascending order.
func SumRows(row, x []float32, m, n int) {
	for i := range m {
		for j, v := range x[i*n : i*n+n] {
			row[j] += v
		}
	}
}

// ReLU performs dst = x where x > 0 or x is NaN, and +0 elsewhere.
func ReLU(dst, x []float32) {
	for i, v := range x {
		if v <= 0 {
			v = 0
		}
		dst[i] = v
	}
}

// ReLUBackward performs dx = dy where y > 0 or y is NaN, and +0 elsewhere; y is
// the output of ReLU.
func ReLUBackward(dx, dy, y []float32) {
	for i, v := range y {
		if v <= 0 {
			dx[i] = 0
		} else {
			dx[i] = dy[i]
		}
	}
}

// SumSquares returns the sum of x[i]² in float64: blocks of 4096 elements,
// each summed in ascending order, folded in ascending order. The blocks are
// part of the numeric contract.
func SumSquares(x []float32) float64 {
	var total float64
	for len(x) > 0 {
		n := min(len(x), 4096)
		var s float64
		for _, v := range x[:n] {
			f := float64(v)
			s += float64(f * f)
		}
		total += s
		x = x[n:]
	}
	return total
}
