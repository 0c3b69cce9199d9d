package kernel

// The functions here run a kernel over the rows of a matrix, which is not
// empty, on the active path, and report whether there was one.

func addRowVec(dst, row []float32, m int) bool {
	switch active {
	case avx512:
		addRowAVX512(&dst[0], &row[0], m, len(row))
	case avx2:
		addRowAVX2(&dst[0], &row[0], m, len(row))
	default:
		return false
	}
	return true
}

func addRowReLUVec(dst, row []float32, m int) bool {
	switch active {
	case avx512:
		addRowReLUAVX512(&dst[0], &row[0], m, len(row))
	case avx2:
		addRowReLUAVX2(&dst[0], &row[0], m, len(row))
	default:
		return false
	}
	return true
}

func sumRowsVec(row, x []float32, m int) bool {
	switch active {
	case avx512:
		sumRowsAVX512(&row[0], &x[0], m, len(row))
	case avx2:
		sumRowsAVX2(&row[0], &x[0], m, len(row))
	default:
		return false
	}
	return true
}

// transposeVec performs dst = srcᵀ for src of m×n.
func transposeVec(dst, src []float32, m, n int) bool {
	if active == portable {
		return false
	}
	transpose(&dst[0], &src[0], m, n, m, n)
	return true
}

// transpose is transposeVec for parts of matrices, whose rows are ldd and lds
// elements apart. The path must not be the portable one.
func transpose(dst, src *float32, ldd, lds, m, n int) {
	lanes := lanesOf(active)
	for i := 0; i < m; i += lanes {
		to, from, rows := at(dst, i), at(src, i*lds), min(lanes, m-i)
		if active == avx512 {
			transposeAVX512(to, from, 4*ldd, 4*lds, rows, n)
		} else {
			transposeAVX2(to, from, 4*ldd, 4*lds, rows, n)
		}
	}
}
