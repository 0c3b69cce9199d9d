//go:build !amd64

package kernel

// Processors without assembly take the portable path: every attempt at a
// vector kernel reports that it did nothing.

func fastest() path { return portable }

func matMulVec(c, a, b []float32, m, n, k, ai, ak int, acc bool) bool { return false }
func matMulNTVec(c, a, b []float32, m, n, k int, acc bool) bool       { return false }
func transposeVec(dst, src []float32, m, n int) bool                  { return false }

func addScaledVec(dst []float32, s float32, x []float32) bool { return false }
func scaleToVec(dst []float32, s float32, x []float32) bool   { return false }
func addVec(dst, x []float32) bool                            { return false }
func reluVec(dst, x []float32) bool                           { return false }
func reluBackwardVec(dx, dy, y []float32) bool                { return false }
func addRowVec(dst, row []float32, m int) bool                { return false }
func addRowReLUVec(dst, row []float32, m int) bool            { return false }
func sumRowsVec(row, x []float32, m int) bool                 { return false }
func momentumVec(u, v []float32, mu float32) bool             { return false }
func nesterovVec(u, v []float32, mu float32) bool             { return false }
func adamVec(u, m, v []float32, f *AdamFactors) bool          { return false }
func sumSquaresVec(sums *[8]float64, x []float32) bool        { return false }

func peakVec(n int) (lanes int) { return 0 }
