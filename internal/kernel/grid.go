package kernel

import "fmt"

// Grid is rows of places in an image: place r*Cols+j is Pitch*r + j elements
// behind the first, so that Pitch is the width of the image, or of its planes.
//
// Seen through a table of offsets, an image is a matrix W with a row for each
// offset: W[p][r*Cols+j] = x[at[p] + r*Pitch + j]. If the offsets are those of
// the taps of a convolution's kernel, W is what the taps see at each output,
// and a convolution is a product with W, which is never made.
type Grid struct{ Rows, Cols, Pitch int }

// Places is the number of places.
func (g Grid) Places() int { return g.Rows * g.Cols }

// MatMulGrid computes c = a·W for the W that x is through at and g (see
// [Grid]), a of m×len(at) and c of m×Places. Each element is one chain over the
// offsets in order. It panics if a slice is too short, or an offset outside.
func MatMulGrid(c, a, x []float32, at []int, m int, g Grid) {
	n, k := g.Places(), len(at)
	g.check("MatMulGrid", x, at)
	if m < 0 || len(c) < m*n || len(a) < m*k {
		panic(fmt.Sprintf("kernel: MatMulGrid of m=%d, n=%d, k=%d with slices of length %d (c), %d (a)", m, n, k, len(c), len(a)))
	}
	if m == 0 || n == 0 || k == 0 {
		clear(c[:m*n])
		return
	}
	if !matMulGridVec(c, a, x, at, m, g) {
		matMulGridGo(c, a, x, at, m, g)
	}
}

// GridMatMul computes c = W·b, or c += W·b when acc is set, for the W that x is
// through at and g (see [Grid]), b of Places×n and c of len(at)×n. Each element
// is one chain over the places in order. It panics if a slice is too short, or
// an offset outside.
func GridMatMul(c, x, b []float32, at []int, n int, g Grid, acc bool) {
	m, k := len(at), g.Places()
	g.check("GridMatMul", x, at)
	if n < 0 || len(c) < m*n || len(b) < k*n {
		panic(fmt.Sprintf("kernel: GridMatMul of m=%d, n=%d, k=%d with slices of length %d (c), %d (b)", m, n, k, len(c), len(b)))
	}
	if m == 0 || n == 0 || k == 0 {
		if !acc {
			clear(c[:m*n])
		}
		return
	}
	if !gridMatMulVec(c, x, b, at, n, g, acc) {
		gridMatMulGo(c, x, b, at, n, g, acc)
	}
}

func (g Grid) check(name string, x []float32, at []int) {
	if g.Rows < 0 || g.Cols < 0 || g.Pitch < g.Cols {
		panic(fmt.Sprintf("kernel: %s of %d rows of %d places, %d elements apart", name, g.Rows, g.Cols, g.Pitch))
	}
	if g.Places() == 0 {
		return
	}
	last := (g.Rows-1)*g.Pitch + g.Cols
	for _, o := range at {
		if uint(o) > uint(len(x)-last) || len(x) < last {
			panic(fmt.Sprintf("kernel: %s at offset %d: %d rows of %d places, %d apart, of %d elements",
				name, o, g.Rows, g.Cols, g.Pitch, len(x)))
		}
	}
}

func matMulGridGo(c, a, x []float32, at []int, m int, g Grid) {
	n := g.Places()
	clear(c[:m*n])
	for i := range m {
		for p, o := range at {
			s := a[i*len(at)+p]
			for r := range g.Rows {
				addScaledGo(c[i*n+r*g.Cols:][:g.Cols], s, x[o+r*g.Pitch:][:g.Cols])
			}
		}
	}
}

func gridMatMulGo(c, x, b []float32, at []int, n int, g Grid, acc bool) {
	if !acc {
		clear(c[:len(at)*n])
	}
	for i, o := range at {
		for p := range g.Places() {
			addScaledGo(c[i*n:][:n], x[o+p/g.Cols*g.Pitch+p%g.Cols], b[p*n:][:n])
		}
	}
}

// CopyRows copies m rows of n elements from src, where they are lds elements
// apart, to dst, where they are ldd apart. It panics if a slice is too short.
func CopyRows(dst []float32, ldd int, src []float32, lds, m, n int) {
	if m <= 0 || n <= 0 {
		return
	}
	if ldd < 0 || lds < 0 || len(dst) < (m-1)*ldd+n || len(src) < (m-1)*lds+n {
		panic(fmt.Sprintf("kernel: CopyRows of m=%d, n=%d, %d and %d apart, with slices of length %d and %d",
			m, n, ldd, lds, len(dst), len(src)))
	}
	if !copyRowsVec(dst, ldd, src, lds, m, n) {
		for i := range m {
			copy(dst[i*ldd:][:n], src[i*lds:])
		}
	}
}
