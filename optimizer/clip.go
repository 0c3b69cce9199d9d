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

func (c clip) Update(u, _ []float32, _ State, _ At) { c.apply(u, norm(u)) }

// apply is Update for a norm that is known.
func (c clip) apply(u []float32, norm float64) {
	if norm > c.limit && !math.IsInf(norm, 1) {
		kernel.ScaleTo(u, float32(c.limit/norm), u)
	}
}

// norm returns the Euclidean norm of u: +Inf or NaN if an element is.
func norm(u []float32) float64 { return math.Sqrt(kernel.SumSquares(u)) }
