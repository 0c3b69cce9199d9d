package kernel

// matMulVec computes c (+)= a·b, where element (i, p) of a is a[i*ai+p*ak]. It
// reports whether the active path has vectors.
func matMulVec(c, a, b []float32, m, n, k, ai, ak int, acc bool) bool {
	if active == portable {
		return false
	}
	j := job{c: &c[0], a: &a[0], b: &b[0], m: m, n: n, k: k, ldc: n, ai: ai, ak: ak, ldb: n, acc: acc}
	if j.worthPacking() {
		j.runPacked(false)
	} else {
		j.run()
	}
	return true
}

// matMulNTVec computes c (+)= a·bᵀ. It either transposes b, or computes
// cᵀ (+)= b·aᵀ, whichever is estimated to take fewer cycles.
func matMulNTVec(c, a, b []float32, m, n, k int, acc bool) bool {
	if active == portable {
		return false
	}
	if lanes := lanesOf(active); n*up(m, lanes)*k+shuffle*(m*k+2*m*n) < m*up(n, lanes)*k+shuffle*n*k {
		flipped(&c[0], &a[0], &b[0], m, n, k, acc)
		return true
	}
	j := job{c: &c[0], a: &a[0], b: &b[0], m: m, n: n, k: k, ldc: n, ai: k, ak: 1, ldb: k, acc: acc}
	j.runPacked(true)
	return true
}

// shuffle is what it costs to transpose an element, in units of a
// multiply-add of one.
const shuffle = 12

func up(n, multiple int) int { return (n + multiple - 1) / multiple * multiple }

func peakVec(n int) (lanes int) {
	switch active {
	case avx512:
		peakAVX512(n)
	case avx2:
		peakAVX2(n)
	default:
		return 0
	}
	return lanesOf(active)
}
