//go:build !amd64

package kernel

// Processors without assembly take the portable path: every attempt at a
// vector kernel reports that it did nothing.

func fastest() path { return portable }

func matMulVec(c, a, b []float32, m, n, k, ai, ak int, acc bool) bool { return false }
func matMulTNVec(c, a, b []float32, m, n, k int, acc bool) bool       { return false }
func matMulNTVec(c, a, b []float32, m, n, k int, acc bool) bool       { return false }
func transposeVec(dst, src []float32, m, n int) bool                  { return false }

func matMulGridVec(c, a, x []float32, at []int, m int, g Grid) bool           { return false }
func gridMatMulVec(c, x, b []float32, at []int, n int, g Grid, acc bool) bool { return false }
func copyRowsVec(dst []float32, ldd int, src []float32, lds, m, n int) bool   { return false }

func expVec(dst, x []float64) bool                                                { return false }
func laneSumVec(l *Lanes, x []float32) bool                                       { return false }
func laneProductsVec(sums, dots *Lanes, d, x []float32, mean, scale float32) bool { return false }
func maxPoolVec(y, x []float32, width, m, n int) bool                             { return false }
func maxPoolBackwardVec(dx, dy, x []float32, width, m, n int) bool                { return false }
func normalizeVec(dst, x []float32, f NormFactors) bool                           { return false }
func normalizeBackwardVec(dx, dy, x []float32, f NormFactors, a, b float32) bool  { return false }
func addReLUVec(dst, x []float32) bool                                            { return false }
func addScalarReLUVec(dst []float32, s float32) bool                              { return false }

func addScaledVec(dst []float32, s float32, x []float32) bool                        { return false }
func addScaledToVec(dst []float32, s float32, x, y []float32) bool                   { return false }
func addScaledToScaledVec([]float32, float32, []float32, float32, []float32) bool    { return false }
func streamScaledToScaledVec([]float32, float32, []float32, float32, []float32) bool { return false }
func streamVec(dst, x []float32) bool                                                { return false }
func scaleToVec(dst []float32, s float32, x []float32) bool                          { return false }
func addVec(dst, x []float32) bool                                                   { return false }
func reluVec(dst, x []float32) bool                                                  { return false }
func reluBackwardVec(dx, dy, y []float32) bool                                       { return false }
func addRowVec(dst, row []float32, m int) bool                                       { return false }
func addRowReLUVec(dst, row []float32, m int) bool                                   { return false }
func sumRowsVec(row, x []float32, m int) bool                                        { return false }
func momentumVec(u, v []float32, mu float32) bool                                    { return false }
func momentumStepVec(p, v, u []float32, f *MomentumFactors) bool                     { return false }
func nesterovVec(u, v []float32, mu float32) bool                                    { return false }
func adamVec(u, m, v []float32, f *AdamFactors) bool                                 { return false }
func fractionsVec(dst []float32, src []uint8) int                                    { return 0 }
func sumSquaresVec(sums *[8]float64, x []float32) bool                               { return false }

func peakVec(n int) (lanes int) { return 0 }
