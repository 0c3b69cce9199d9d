package kernel

// The functions here run a kernel over the rows of a matrix, which is not
// empty, on the active path, and report whether there was one.

func addRowVec(dst, row []float32, m int) bool {
	if active == portable {
		return false
	}
	var room circle
	switch cycle, step := room.fill(row, m); {
	case active == avx512 && cycle == nil:
		addRowAVX512(&dst[0], &row[0], m, len(row))
	case active == avx512:
		addCycleAVX512(&dst[0], &cycle[0], m*len(row), len(row), step)
	case cycle == nil:
		addRowAVX2(&dst[0], &row[0], m, len(row))
	default:
		addCycleAVX2(&dst[0], &cycle[0], m*len(row), len(row), step)
	}
	return true
}

func addRowReLUVec(dst, row []float32, m int) bool {
	if active == portable {
		return false
	}
	var room circle
	switch cycle, step := room.fill(row, m); {
	case active == avx512 && cycle == nil:
		addRowReLUAVX512(&dst[0], &row[0], m, len(row))
	case active == avx512:
		addCycleReLUAVX512(&dst[0], &cycle[0], m*len(row), len(row), step)
	case cycle == nil:
		addRowReLUAVX2(&dst[0], &row[0], m, len(row))
	default:
		addCycleReLUAVX2(&dst[0], &cycle[0], m*len(row), len(row), step)
	}
	return true
}

// circle holds a short row, repeated for one more vector.
type circle [128 + 16]float32

// fill returns nil if the m rows are better added one by one, and else the
// repeated row and by how much it advances from one vector to the next.
func (c *circle) fill(row []float32, m int) (cycle []float32, step int) {
	lanes := lanesOf(active)
	n := len(row)
	if n+lanes > len(c) || n%lanes == 0 || m == 1 {
		return nil, 0
	}
	cycle = c[:n+lanes]
	for i := 0; i < len(cycle); i += n {
		copy(cycle[i:], row)
	}
	return cycle, lanes % n
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
