package kernel

import "fmt"

// MaxPool sets the m rows of n elements of y to the maxima of the 2×2 squares
// of x, which has 2m rows of width elements, at least 2n. The maximum of
// squares with a NaN is NaN. It panics if a slice is too short.
func MaxPool(y, x []float32, width, m, n int) {
	pooled("MaxPool", y, x, width, m, n)
	if m*n == 0 || maxPoolVec(y, x, width, m, n) {
		return
	}
	for ; m > 0; m-- {
		upper, lower := x[:2*n], x[width:width+2*n]
		for j := range y[:n] {
			y[j] = larger(larger(upper[2*j], upper[2*j+1]), larger(lower[2*j], lower[2*j+1]))
		}
		y, x = y[n:], x[min(2*width, len(x)):]
	}
}

// MaxPoolBackward is the derivative of [MaxPool]: in each 2×2 square of dx, the
// element where the first of the largest of x is, row by row, becomes the
// element of dy, and the others +0. If there is a NaN in the square of x, the
// place is the last. Elements of dx outside the squares are not touched. It
// panics if a slice is too short.
func MaxPoolBackward(dx, dy, x []float32, width, m, n int) {
	pooled("MaxPoolBackward", dy, x, width, m, n)
	pooled("MaxPoolBackward", dy, dx, width, m, n)
	if m*n == 0 || maxPoolBackwardVec(dx, dy, x, width, m, n) {
		return
	}
	for i := range m {
		for j, d := range dy[i*n:][:n] {
			p := 2*i*width + 2*j
			dx[p], dx[p+1], dx[p+width], dx[p+width+1] = 0, 0, 0, 0
			dx[MaxPlace(x, width, p)] = d
		}
	}
}

// MaxPlace returns which element of the square that begins at p [MaxPool]
// takes.
func MaxPlace(x []float32, width, p int) int {
	best := larger(larger(x[p], x[p+1]), larger(x[p+width], x[p+width+1]))
	switch best {
	case x[p]:
		return p
	case x[p+1]:
		return p + 1
	case x[p+width]:
		return p + width
	}
	return p + width + 1
}

// larger returns x if it is larger than y or NaN, and else y.
func larger(x, y float32) float32 {
	if x > y || x != x {
		return x
	}
	return y
}

func pooled(name string, y, x []float32, width, m, n int) {
	if m < 0 || n < 0 || width < 2*n || len(y) < m*n || m > 0 && len(x) < (2*m-1)*width+2*n {
		panic(fmt.Sprintf("kernel: %s of m=%d, n=%d, width %d with slices of length %d and %d", name, m, n, width, len(y), len(x)))
	}
}
