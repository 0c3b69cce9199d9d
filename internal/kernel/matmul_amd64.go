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

// matMulTNVec computes c (+)= aᵀ·b, or cᵀ (+)= bᵀ·a and transposes that, if it is
// estimated to take fewer cycles: a narrow c leaves lanes of its rows idle.
func matMulTNVec(c, a, b []float32, m, n, k int, acc bool) bool {
	if active == portable {
		return false
	}
	l := lanesOf(active)
	moves := 1
	if acc {
		moves = 2
	}
	if n <= blockM && n*up(m, l)*k+moves*shuffle*up(m, l)*up(n, l) < m*up(n, l)*k {
		flippedTN(&c[0], &a[0], &b[0], m, n, k, acc)
		return true
	}
	return matMulVec(c, a, b, m, n, k, 1, m, acc)
}

// matMulNTVec computes c (+)= a·bᵀ. It either transposes b, or computes
// cᵀ (+)= b·aᵀ, whichever is estimated to take fewer cycles.
func matMulNTVec(c, a, b []float32, m, n, k int, acc bool) bool {
	if active == portable {
		return false
	}
	l := lanesOf(active)
	flip := n*up(m, l)*k + shuffle*up(m, l)*(up(k, l)+2*up(n, l))
	plain := m*up(n, l)*k + shuffle*up(n, l)*up(k, l)
	if flip < plain {
		flipped(&c[0], &a[0], &b[0], m, n, k, acc)
		return true
	}
	j := job{c: &c[0], a: &a[0], b: &b[0], m: m, n: n, k: k, ldc: n, ai: k, ak: 1, ldb: k, acc: acc}
	j.runPacked(true)
	return true
}

// shuffle is what it costs to transpose an element, in multiply-adds.
const shuffle = 10

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
