package kernel

// Peak runs independent multiply-adds in registers, n of them in each of 12
// chains, as wide as the path in use has them, and returns the number of
// floating-point operations done. Timed, it is the most the processor could do
// at this moment: a yardstick for benchmarks that share the machine with
// others.
func Peak(n int) (operations int) {
	n = max(n, 1)
	lanes := peakVec(n)
	if lanes == 0 {
		lanes = 1
		peakGo(n)
	}
	return 2 * 12 * lanes * n
}

// peakGo returns its sums so that the compiler cannot drop them.
//
//go:noinline
func peakGo(n int) (c [12]float64) {
	for range n {
		for i := range c {
			c[i] = fma(c[i], c[i])
		}
	}
	return c
}
