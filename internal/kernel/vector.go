package kernel

import "fmt"

// portion is the most elements one call into assembly gets: some 100 µs of
// work, for which the garbage collector has to wait.
const portion = 1 << 18

// AddScaled performs dst = fma(s, x, dst), element by element. It panics if the
// lengths differ.
func AddScaled(dst []float32, s float32, x []float32) {
	equal("AddScaled", len(dst), len(x))
	for len(dst) > portion {
		AddScaled(dst[:portion], s, x[:portion])
		dst, x = dst[portion:], x[portion:]
	}
	if !addScaledVec(dst, s, x) {
		addScaledGo(dst, s, x)
	}
}

// AddScaledTo performs dst = fma(s, x, y), element by element: the bits of
// [AddScaled] on a copy of y. It panics if the lengths differ.
func AddScaledTo(dst []float32, s float32, x, y []float32) {
	equal("AddScaledTo", len(dst), len(x))
	equal("AddScaledTo", len(dst), len(y))
	for len(dst) > portion {
		AddScaledTo(dst[:portion], s, x[:portion], y[:portion])
		dst, x, y = dst[portion:], x[portion:], y[portion:]
	}
	if !addScaledToVec(dst, s, x, y) {
		addScaledToGo(dst, s, x, y)
	}
}

// AddScaledToScaled performs dst = fma(s, x, t*y), element by element, the
// product rounded first: the bits of [ScaleTo] and then [AddScaled]. It panics
// if the lengths differ.
func AddScaledToScaled(dst []float32, s float32, x []float32, t float32, y []float32) {
	equal("AddScaledToScaled", len(dst), len(x))
	equal("AddScaledToScaled", len(dst), len(y))
	for len(dst) > portion {
		AddScaledToScaled(dst[:portion], s, x[:portion], t, y[:portion])
		dst, x, y = dst[portion:], x[portion:], y[portion:]
	}
	if !addScaledToScaledVec(dst, s, x, t, y) {
		addScaledToScaledGo(dst, s, x, t, y)
	}
}

// ScaleTo performs dst = s*x, element by element. It panics if the lengths
// differ.
func ScaleTo(dst []float32, s float32, x []float32) {
	equal("ScaleTo", len(dst), len(x))
	for len(dst) > portion {
		ScaleTo(dst[:portion], s, x[:portion])
		dst, x = dst[portion:], x[portion:]
	}
	if !scaleToVec(dst, s, x) {
		scaleToGo(dst, s, x)
	}
}

// Add performs dst = dst + x, element by element. It panics if the lengths
// differ.
func Add(dst, x []float32) {
	equal("Add", len(dst), len(x))
	for len(dst) > portion {
		Add(dst[:portion], x[:portion])
		dst, x = dst[portion:], x[portion:]
	}
	if !addVec(dst, x) {
		addGo(dst, x)
	}
}

// ReLU performs dst = x where x > 0 or x is NaN, and +0 elsewhere. It panics if
// the lengths differ.
func ReLU(dst, x []float32) {
	equal("ReLU", len(dst), len(x))
	for len(dst) > portion {
		ReLU(dst[:portion], x[:portion])
		dst, x = dst[portion:], x[portion:]
	}
	if !reluVec(dst, x) {
		reluGo(dst, x)
	}
}

// ReLUBackward performs dx = dy where y > 0 or y is NaN, and +0 elsewhere; y is
// the output of [ReLU]. It panics if the lengths differ.
func ReLUBackward(dx, dy, y []float32) {
	equal("ReLUBackward", len(dx), len(dy))
	equal("ReLUBackward", len(dx), len(y))
	for len(dx) > portion {
		ReLUBackward(dx[:portion], dy[:portion], y[:portion])
		dx, dy, y = dx[portion:], dy[portion:], y[portion:]
	}
	if !reluBackwardVec(dx, dy, y) {
		reluBackwardGo(dx, dy, y)
	}
}

// AddReLU is [Add] and then [ReLU] in place, in one pass: dst = max(dst + x, 0),
// the sum rounded first, NaN kept. It panics if the lengths differ.
func AddReLU(dst, x []float32) {
	equal("AddReLU", len(dst), len(x))
	for len(dst) > portion {
		AddReLU(dst[:portion], x[:portion])
		dst, x = dst[portion:], x[portion:]
	}
	if !addReLUVec(dst, x) {
		for i, v := range x {
			dst[i] = max(dst[i]+v, 0)
		}
	}
}

// AddScalarReLU performs dst = max(dst + s, 0), element by element, the sum
// rounded first, NaN kept.
func AddScalarReLU(dst []float32, s float32) {
	for len(dst) > portion {
		AddScalarReLU(dst[:portion], s)
		dst = dst[portion:]
	}
	if !addScalarReLUVec(dst, s) {
		for i, v := range dst {
			dst[i] = max(v+s, 0)
		}
	}
}

func equal(name string, n, m int) {
	if n != m {
		panic(fmt.Sprintf("kernel: %s of vectors of length %d and %d", name, n, m))
	}
}
