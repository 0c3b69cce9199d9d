package kernel

import "unsafe"

func expVec(dst, x []float64) bool {
	switch d, p, n := unsafe.SliceData(dst), unsafe.SliceData(x), len(x); active {
	case avx512:
		expAVX512(d, p, n)
	case avx2:
		expAVX2(d, p, n)
	default:
		return false
	}
	return true
}
