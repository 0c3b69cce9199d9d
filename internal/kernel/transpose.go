package kernel

import "fmt"

// Transpose performs dst = srcᵀ for src of m×n and dst of n×m, which must not
// overlap. It panics if a slice is too short for its shape.
func Transpose(dst, src []float32, m, n int) {
	if m < 0 || n < 0 || len(dst) < m*n || len(src) < m*n {
		panic(fmt.Sprintf("kernel: Transpose of %d×%d with slices of length %d and %d", m, n, len(dst), len(src)))
	}
	if m*n > 0 && !transposeVec(dst, src, m, n) {
		transposeGo(dst, src, m, n)
	}
}

func transposeGo(dst, src []float32, m, n int) {
	const tile = 8 // of 32 bytes: eight lines read and eight written at a time
	for i0 := 0; i0 < m; i0 += tile {
		i1 := min(i0+tile, m)
		for j := range n {
			for i := i0; i < i1; i++ {
				dst[j*m+i] = src[i*n+j]
			}
		}
	}
}
