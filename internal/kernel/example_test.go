package kernel_test

import (
	"fmt"

	"github.com/ballast-ml/ballast/internal/kernel"
)

func ExampleMatMul() {
	x := []float32{ // two samples of three features
		1, 2, 3,
		4, 5, 6,
	}
	w := []float32{ // three inputs, two outputs
		1, 0,
		0, 1,
		1, -1,
	}
	y := make([]float32, 4)
	kernel.MatMul(y, x, w, 2, 2, 3, false)
	kernel.AddRowReLU(y, []float32{0.5, 0.5}, 2, 2)
	fmt.Println(y)
	// Output: [4.5 0 10.5 0]
}

func ExampleFMA() {
	// The product is 1 - 2⁻⁴⁶, which rounded to float32 is 1.
	x, y := float32(1+0x1p-23), float32(1-0x1p-23)
	fmt.Println(kernel.FMA(x, y, -1) == -0x1p-46, float32(x*y)-1)
	// Output: true 0
}
