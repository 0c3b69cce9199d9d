package kernel

import "fmt"

// MatMul computes c = a·b, or c += a·b when acc is set, for a of m×k, b of k×n
// and c of m×n. It panics if a slice is too short for its shape.
func MatMul(c, a, b []float32, m, n, k int, acc bool) {
	if !begin("MatMul", c, a, b, m, n, k, acc) {
		return
	}
	if !matMulVec(c, a, b, m, n, k, k, 1, acc) {
		matMulGo(c, a, b, product{m: m, n: n, k: k, ai: k, ak: 1, bk: n, bj: 1, acc: acc})
	}
}

// MatMulTN computes c = aᵀ·b, or c += aᵀ·b when acc is set, for a of k×m, b of
// k×n and c of m×n. It panics if a slice is too short for its shape.
func MatMulTN(c, a, b []float32, m, n, k int, acc bool) {
	if !begin("MatMulTN", c, a, b, m, n, k, acc) {
		return
	}
	if !matMulTNVec(c, a, b, m, n, k, acc) {
		matMulGo(c, a, b, product{m: m, n: n, k: k, ai: 1, ak: m, bk: n, bj: 1, acc: acc})
	}
}

// MatMulNT computes c = a·bᵀ, or c += a·bᵀ when acc is set, for a of m×k, b of
// n×k and c of m×n. It panics if a slice is too short for its shape.
//
// It transposes whatever is smaller, b or a and c, into scratch memory. A
// caller that multiplies by the same b many times is better off with one
// [Transpose] and [MatMul], which gives the same bits.
func MatMulNT(c, a, b []float32, m, n, k int, acc bool) {
	if !begin("MatMulNT", c, a, b, m, n, k, acc) {
		return
	}
	if !matMulNTVec(c, a, b, m, n, k, acc) {
		matMulGo(c, a, b, product{m: m, n: n, k: k, ai: k, ak: 1, bk: 1, bj: k, acc: acc})
	}
}

// begin checks the lengths and deals with empty products. It reports whether
// there is anything left to compute.
func begin(name string, c, a, b []float32, m, n, k int, acc bool) bool {
	if m < 0 || n < 0 || k < 0 || len(c) < m*n || len(a) < m*k || len(b) < n*k {
		panic(fmt.Sprintf("kernel: %s of m=%d, n=%d, k=%d with slices of length %d (c), %d (a), %d (b)",
			name, m, n, k, len(c), len(a), len(b)))
	}
	if m == 0 || n == 0 {
		return false
	}
	if k == 0 {
		if !acc {
			clear(c[:m*n])
		}
		return false
	}
	return true
}
