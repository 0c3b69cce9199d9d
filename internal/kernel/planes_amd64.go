package kernel

import "unsafe"

// Each function here runs a kernel over planes on the active path, and reports
// whether there was one.

func laneSumVec(l *Lanes, x []float32) bool {
	switch p, n := unsafe.SliceData(x), len(x); active {
	case avx512:
		laneSumAVX512(&l[0], p, n)
	case avx2:
		laneSumAVX2(&l[0], p, n)
	default:
		return false
	}
	return true
}

func laneProductsVec(sums, dots *Lanes, d, x []float32, mean, scale float32) bool {
	switch p, q, n := unsafe.SliceData(d), unsafe.SliceData(x), len(x); active {
	case avx512:
		laneProductsAVX512(&sums[0], &dots[0], p, q, n, mean, scale)
	case avx2:
		laneProductsAVX2(&sums[0], &dots[0], p, q, n, mean, scale)
	default:
		return false
	}
	return true
}

func normalizeVec(dst, x []float32, f NormFactors) bool {
	switch d, p, n := unsafe.SliceData(dst), unsafe.SliceData(x), len(x); active {
	case avx512:
		normalizeAVX512(d, p, n, f.Mean, f.Scale, f.Gain, f.Bias)
	case avx2:
		normalizeAVX2(d, p, n, f.Mean, f.Scale, f.Gain, f.Bias)
	default:
		return false
	}
	return true
}

func normalizeBackwardVec(dx, dy, x []float32, f NormFactors, a, b float32) bool {
	d, e, p, n := unsafe.SliceData(dx), unsafe.SliceData(dy), unsafe.SliceData(x), len(x)
	switch active {
	case avx512:
		normalizeBackwardAVX512(d, e, p, n, f.Mean, f.Scale, f.Gain*f.Scale, a, b)
	case avx2:
		normalizeBackwardAVX2(d, e, p, n, f.Mean, f.Scale, f.Gain*f.Scale, a, b)
	default:
		return false
	}
	return true
}

func maxPoolVec(y, x []float32, width, m, n int) bool {
	switch active {
	case avx512:
		maxPoolAVX512(&y[0], &x[0], 4*width, m, n)
	case avx2:
		maxPoolAVX2(&y[0], &x[0], 4*width, m, n)
	default:
		return false
	}
	return true
}

func maxPoolBackwardVec(dx, dy, x []float32, width, m, n int) bool {
	switch active {
	case avx512:
		maxPoolBackwardAVX512(&dx[0], &dy[0], &x[0], 4*width, m, n)
	case avx2:
		maxPoolBackwardAVX2(&dx[0], &dy[0], &x[0], 4*width, m, n)
	default:
		return false
	}
	return true
}

func addReLUVec(dst, x []float32) bool {
	switch d, p, n := unsafe.SliceData(dst), unsafe.SliceData(x), len(x); active {
	case avx512:
		addReLUAVX512(d, p, n)
	case avx2:
		addReLUAVX2(d, p, n)
	default:
		return false
	}
	return true
}

func addScalarReLUVec(dst []float32, s float32) bool {
	switch d, n := unsafe.SliceData(dst), len(dst); active {
	case avx512:
		addScalarReLUAVX512(d, n, s)
	case avx2:
		addScalarReLUAVX2(d, n, s)
	default:
		return false
	}
	return true
}
