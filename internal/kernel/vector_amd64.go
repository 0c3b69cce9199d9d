package kernel

import "unsafe"

// Each function here runs an element-wise kernel on the active path, and
// reports whether there was one.

func addScaledVec(dst []float32, s float32, x []float32) bool {
	switch d, p, n := unsafe.SliceData(dst), unsafe.SliceData(x), len(x); active {
	case avx512:
		addScaledAVX512(d, p, n, s)
	case avx2:
		addScaledAVX2(d, p, n, s)
	default:
		return false
	}
	return true
}

func addScaledToVec(dst []float32, s float32, x, y []float32) bool {
	d, p, q, n := unsafe.SliceData(dst), unsafe.SliceData(x), unsafe.SliceData(y), len(x)
	switch active {
	case avx512:
		addScaledToAVX512(d, q, p, n, s)
	case avx2:
		addScaledToAVX2(d, q, p, n, s)
	default:
		return false
	}
	return true
}

func addScaledToScaledVec(dst []float32, s float32, x []float32, t float32, y []float32) bool {
	d, p, q, n := unsafe.SliceData(dst), unsafe.SliceData(x), unsafe.SliceData(y), len(x)
	switch active {
	case avx512:
		addScaledToScaledAVX512(d, q, p, n, s, t)
	case avx2:
		addScaledToScaledAVX2(d, q, p, n, s, t)
	default:
		return false
	}
	return true
}

// The streams take a dst that begins with a cache line; its length counts.

func streamScaledToScaledVec(dst []float32, s float32, x []float32, t float32, y []float32) bool {
	d, p, q, n := unsafe.SliceData(dst), unsafe.SliceData(x), unsafe.SliceData(y), len(dst)
	switch active {
	case avx512:
		streamScaledToScaledAVX512(d, q, p, n, s, t)
	case avx2:
		streamScaledToScaledAVX2(d, q, p, n, s, t)
	default:
		return false
	}
	return true
}

func streamVec(dst, x []float32) bool {
	switch d, p, n := unsafe.SliceData(dst), unsafe.SliceData(x), len(dst); active {
	case avx512:
		streamAVX512(d, p, n)
	case avx2:
		streamAVX2(d, p, n)
	default:
		return false
	}
	return true
}

func scaleToVec(dst []float32, s float32, x []float32) bool {
	switch d, p, n := unsafe.SliceData(dst), unsafe.SliceData(x), len(x); active {
	case avx512:
		scaleToAVX512(d, p, n, s)
	case avx2:
		scaleToAVX2(d, p, n, s)
	default:
		return false
	}
	return true
}

func addVec(dst, x []float32) bool {
	switch d, p, n := unsafe.SliceData(dst), unsafe.SliceData(x), len(x); active {
	case avx512:
		addAVX512(d, p, n)
	case avx2:
		addAVX2(d, p, n)
	default:
		return false
	}
	return true
}

func reluVec(dst, x []float32) bool {
	switch d, p, n := unsafe.SliceData(dst), unsafe.SliceData(x), len(x); active {
	case avx512:
		reluAVX512(d, p, n)
	case avx2:
		reluAVX2(d, p, n)
	default:
		return false
	}
	return true
}

func reluBackwardVec(dx, dy, y []float32) bool {
	x, d, p, n := unsafe.SliceData(dx), unsafe.SliceData(dy), unsafe.SliceData(y), len(y)
	switch active {
	case avx512:
		reluBackwardAVX512(x, d, p, n)
	case avx2:
		reluBackwardAVX2(x, d, p, n)
	default:
		return false
	}
	return true
}

func momentumVec(u, v []float32, mu float32) bool {
	switch p, q, n := unsafe.SliceData(u), unsafe.SliceData(v), len(u); active {
	case avx512:
		momentumAVX512(p, q, n, mu)
	case avx2:
		momentumAVX2(p, q, n, mu)
	default:
		return false
	}
	return true
}

func momentumStepVec(p, v, u []float32, f *MomentumFactors) bool {
	x, y, z, n := unsafe.SliceData(p), unsafe.SliceData(v), unsafe.SliceData(u), len(u)
	switch decays := f.Decay != 0; {
	case active == avx512 && decays:
		decayMomentumStepAVX512(y, x, z, n, f.Mu, f.Rate, f.Decay)
	case active == avx512:
		momentumStepAVX512(y, x, z, n, f.Mu, f.Rate)
	case active == avx2 && decays:
		decayMomentumStepAVX2(y, x, z, n, f.Mu, f.Rate, f.Decay)
	case active == avx2:
		momentumStepAVX2(y, x, z, n, f.Mu, f.Rate)
	default:
		return false
	}
	return true
}

func nesterovVec(u, v []float32, mu float32) bool {
	switch p, q, n := unsafe.SliceData(u), unsafe.SliceData(v), len(u); active {
	case avx512:
		nesterovAVX512(p, q, n, mu)
	case avx2:
		nesterovAVX2(p, q, n, mu)
	default:
		return false
	}
	return true
}

func adamVec(u, m, v []float32, f *AdamFactors) bool {
	p, q, r, n := unsafe.SliceData(u), unsafe.SliceData(m), unsafe.SliceData(v), len(u)
	switch active {
	case avx512:
		adamAVX512(p, q, r, n, f.Decay1, f.Gain1, f.Decay2, f.Gain2, f.Unbias1, f.Unbias2, f.Epsilon)
	case avx2:
		adamAVX2(p, q, r, n, f.Decay1, f.Gain1, f.Decay2, f.Gain2, f.Unbias1, f.Unbias2, f.Epsilon)
	default:
		return false
	}
	return true
}

func sumSquaresVec(sums *[8]float64, x []float32) bool {
	_ = x[8*sumBlock-1]
	switch active {
	case avx512:
		sumSquaresAVX512(&sums[0], &x[0])
	case avx2:
		sumSquaresAVX2(&sums[0], &x[0])
	default:
		return false
	}
	return true
}

// fractionsVec converts whole vectors, and returns how many elements these are.
func fractionsVec(dst []float32, src []uint8) int {
	if active == portable {
		return 0
	}
	lanes := lanesOf(active)
	n := len(src) / lanes
	if active == avx512 {
		fractionsAVX512(unsafe.SliceData(dst), unsafe.SliceData(src), n)
	} else {
		fractionsAVX2(unsafe.SliceData(dst), unsafe.SliceData(src), n)
	}
	return n * lanes
}
