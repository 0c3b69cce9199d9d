package kernel

import "fmt"

// AddRow adds row, of length n, to each of the m rows of dst. It panics if a
// slice is too short for its shape.
func AddRow(dst, row []float32, m, n int) {
	shape("AddRow", dst, row, m, n)
	if m*n > 0 && !addRowVec(dst, row[:n], m) {
		addRowGo(dst, row[:n], m)
	}
}

// AddRowReLU is [AddRow] and then [ReLU] in place, in one pass: each element v
// of column j becomes max(v + row[j], 0), the sum rounded first, NaN kept. It
// panics if a slice is too short for its shape.
func AddRowReLU(dst, row []float32, m, n int) {
	shape("AddRowReLU", dst, row, m, n)
	if m*n > 0 && !addRowReLUVec(dst, row[:n], m) {
		addRowReLUGo(dst, row[:n], m)
	}
}

// SumRows performs row[j] += sum over i of x[i*n+j], adding the m rows in
// ascending order. It panics if a slice is too short for its shape.
func SumRows(row, x []float32, m, n int) {
	shape("SumRows", x, row, m, n)
	if m*n > 0 && !sumRowsVec(row[:n], x, m) {
		sumRowsGo(row[:n], x, m)
	}
}

func shape(name string, x, row []float32, m, n int) {
	if m < 0 || n < 0 || len(x) < m*n || len(row) < n {
		panic(fmt.Sprintf("kernel: %s of m=%d, n=%d with a matrix of length %d and a row of %d",
			name, m, n, len(x), len(row)))
	}
}
