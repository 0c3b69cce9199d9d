package kernel

import "fmt"

// AddScaled performs dst = fma(s, x, dst), element by element. It panics if the
// lengths differ.
func AddScaled(dst []float32, s float32, x []float32) {
	equal("AddScaled", len(dst), len(x))
	if !addScaledVec(dst, s, x) {
		addScaledGo(dst, s, x)
	}
}

// ScaleTo performs dst = s*x, element by element. It panics if the lengths
// differ.
func ScaleTo(dst []float32, s float32, x []float32) {
	equal("ScaleTo", len(dst), len(x))
	if !scaleToVec(dst, s, x) {
		scaleToGo(dst, s, x)
	}
}

// Add performs dst = dst + x, element by element. It panics if the lengths
// differ.
func Add(dst, x []float32) {
	equal("Add", len(dst), len(x))
	if !addVec(dst, x) {
		addGo(dst, x)
	}
}

// ReLU performs dst = x where x > 0 or x is NaN, and +0 elsewhere. It panics if
// the lengths differ.
func ReLU(dst, x []float32) {
	equal("ReLU", len(dst), len(x))
	if !reluVec(dst, x) {
		reluGo(dst, x)
	}
}

// ReLUBackward performs dx = dy where y > 0 or y is NaN, and +0 elsewhere; y is
// the output of [ReLU]. It panics if the lengths differ.
func ReLUBackward(dx, dy, y []float32) {
	equal("ReLUBackward", len(dx), len(dy))
	equal("ReLUBackward", len(dx), len(y))
	if !reluBackwardVec(dx, dy, y) {
		reluBackwardGo(dx, dy, y)
	}
}

func equal(name string, n, m int) {
	if n != m {
		panic(fmt.Sprintf("kernel: %s of vectors of length %d and %d", name, n, m))
	}
}
