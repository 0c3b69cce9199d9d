package detmath_test

import (
	"fmt"
	"math"

	"github.com/ballast-ml/ballast/internal/detmath"
)

// The bits are the same on every processor, so they can be part of a contract.
func Example() {
	fmt.Printf("%016x\n", math.Float64bits(detmath.Exp(-0.75)))
	fmt.Printf("%.17g\n", detmath.LogAddExp(1000, 1000))
	// Output:
	// 3fde3b40ebefcd7e
	// 1000.6931471805599
}
