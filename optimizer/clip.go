package optimizer

import (
	"fmt"
	"math"

	"github.com/ballast-ml/ballast/internal/kernel"
)

// ClipByGlobalNorm scales the gradient down to the Euclidean norm limit if it is
// longer: u ← u·limit/‖u‖. A gradient whose norm is not finite stays as it is.
// (PyTorch divides by ‖u‖ + 1e-6.)
func ClipByGlobalNorm(limit float64) Transform {
	if !(limit > 0) {
		panic(fmt.Sprintf("optimizer: clip by norm %v, want > 0", limit))
	}
	return clip{limit: limit}
}

type clip struct {
	stateless
	limit float64
}

func (c clip) Update(u, _ []float32, _ State, _ At) {
	if f := c.factor(norm(u)); f != 1 {
		kernel.ScaleTo(u, f, u)
	}
}

// factor returns what a gradient of that norm is to be multiplied by.
func (c clip) factor(norm float64) float32 {
	if norm > c.limit && !math.IsInf(norm, 1) {
		return float32(c.limit / norm)
	}
	return 1
}

// norm returns the Euclidean norm of u: +Inf or NaN if an element is.
func norm(u []float32) float64 { return math.Sqrt(kernel.SumSquares(u)) }
