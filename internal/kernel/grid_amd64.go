package kernel

import "unsafe"

// matMulGridVec computes c = a·W, tile of rows by tile of rows. A tile goes
// along the rows of the grid, if these fill vectors well; else over the image
// as if the grid were one long row, ends of the image's rows included, and what
// lies inside is copied out.
func matMulGridVec(c, a, x []float32, at []int, m int, g Grid) bool {
	if active == portable {
		return false
	}
	j := gridJob{a: &a[0], x: &x[0], at: at, grid: g}
	long := (g.Rows-1)*g.Pitch + g.Cols
	if g.Cols == g.Pitch || g.Rows == 1 || long > longest || j.cost(m, g.Rows, g.Cols) <= j.cost(m, 1, long)*17/16 {
		if g.Cols == g.Pitch {
			j.grid = Grid{1, g.Places(), g.Places()}
		}
		j.eachTile(m, j.grid.Cols, func(row, rows, vecs int) {
			j.tile(&c[row*g.Places()], row, rows, vecs, g.Places(), j.grid)
		})
		return true
	}
	s := borrow()
	j.eachTile(m, long, func(row, rows, vecs int) {
		j.tile(&s.b[0], row, rows, vecs, long, Grid{1, long, long})
		for i := range rows {
			copyRows(&c[(row+i)*g.Places()], &s.b[i*long], g.Cols, g.Pitch, g.Rows, g.Cols)
		}
	})
	s.giveBack()
	return true
}

// longest is the most places a tile in scratch memory has room for.
const longest = blockK * blockN / 20

// gridJob is a product a·W.
type gridJob struct {
	a, x *float32
	at   []int
	grid Grid
}

// cost estimates the time for m rows and a grid of that shape, in vectors of
// multiply-adds per offset; fewer than eight chains wait for each other.
func (j *gridJob) cost(m, rows, cols int) (total int) {
	lanes := lanesOf(active)
	vecs := (cols + lanes - 1) / lanes
	j.eachTile(m, cols, func(_, height, width int) {
		w := min(width, vecs)
		total += max(height*w, 8) * ((vecs + w - 1) / w) * rows
	})
	return total
}

// eachTile cuts m rows into tiles of even heights, and says how wide, in
// vectors, they may be for rows of cols places.
func (j *gridJob) eachTile(m, cols int, f func(row, rows, vecs int)) {
	vecs := 2
	if active == avx512 && m <= mostRows(4) {
		vecs = 4
	}
	for vecs > 1 && cols <= (vecs/2)*lanesOf(active) {
		vecs /= 2
	}
	tiles := (m + mostRows(vecs) - 1) / mostRows(vecs)
	for i, row := 0, 0; i < tiles; i++ {
		rows := (m + i) / tiles
		f(row, rows, vecs)
		row += rows
	}
}

// tile computes rows of c, which are ldc elements apart, at the places of g.
func (j *gridJob) tile(c *float32, row, rows, vecs, ldc int, g Grid) {
	lanes := lanesOf(active)
	s := strides{ldc: 4 * ldc, ai: 4 * len(j.at), ak: 4}
	for p := 0; p < len(j.at); p += mostK {
		s.k = min(mostK, len(j.at)-p)
		if p > 0 {
			s.acc = 1
		}
		a := at(j.a, row*len(j.at)+p)
		// Whole panels first, then narrower ones; each runs down the rows of
		// the grid, or along its only one.
		for col, w := 0, vecs; col < g.Cols; {
			rest := g.Cols - col
			for w > 1 && rest <= w/2*lanes {
				w /= 2
			}
			n := min(rest, w*lanes)
			s.tail = n - (w-1)*lanes
			if s.tail < 1 { // three vectors of four
				w, n = w/2, w/2*lanes
				s.tail = lanes
			}
			s.count, s.dc, s.db = g.Rows, 4*g.Cols, 4*g.Pitch
			step := n
			if g.Rows == 1 {
				s.count, s.dc, s.db = max(1, min(rest/(w*lanes), mostN/(w*lanes))), 4*w*lanes, 4*w*lanes
				step = n * s.count
			}
			j.run(at(c, col), a, at(j.x, col), p, rows, w, &s)
			col += step
		}
	}
}

func (j *gridJob) run(c, a, x *float32, p, rows, vecs int, s *strides) {
	words := (*[11]int)(unsafe.Pointer(s))
	if active == avx512 {
		gridAVX512(rows, vecs, c, a, x, &j.at[p], words)
	} else {
		gridAVX2(rows, vecs, c, a, x, &j.at[p], words)
	}
}

// paces tells a micro-kernel of W·b how to walk; skip, ldc and ldb are in
// bytes. Its layout is known to gen.
type paces struct {
	rows, cols int // of the grid
	skip       int // from the end of one of its rows to the next
	ldc, ldb   int // from a row of c and of b to the next
	tail       int // lanes in the last vector of a tile
	acc        int // 0: chains start from zero, else from c
}

// gridMatMulVec computes c (+)= W·b in tiles of columns.
func gridMatMulVec(c, x, b []float32, at []int, n int, g Grid, acc bool) bool {
	if active == portable {
		return false
	}
	if g.Cols == g.Pitch {
		g = Grid{1, g.Places(), g.Places()}
	}
	lanes := lanesOf(active)
	s := paces{rows: g.Rows, cols: g.Cols, skip: 4 * (g.Pitch - g.Cols), ldc: 4 * n, ldb: 4 * n}
	if acc {
		s.acc = 1
	}
	for col := 0; col < n; {
		vecs := 2
		if n-col <= lanes {
			vecs = 1
		}
		w := min(n-col, vecs*lanes)
		s.tail = w - (vecs-1)*lanes
		tiles := (len(at) + mostWindows(vecs) - 1) / mostWindows(vecs)
		for i, row := 0, 0; i < tiles; i++ {
			rows := (len(at) + i) / tiles
			s.windows(rows, vecs, &c[row*n+col], &x[0], &b[col], at[row:])
			row += rows
		}
		col += w
	}
	return true
}

// windows runs the micro-kernel for that many rows and vectors of c, over parts
// of the grid that keep the garbage collector waiting no longer than a product
// may.
func (s *paces) windows(rows, vecs int, c, x, b *float32, offsets []int) {
	part, pitch := *s, s.cols+s.skip/4
	most := max(1, 8*mostK/s.cols)
	for r := 0; r < s.rows; r += most {
		part.rows = min(most, s.rows-r)
		x, b := at(x, r*pitch), at(b, r*s.cols*s.ldb/4)
		words := (*[7]int)(unsafe.Pointer(&part))
		if active == avx512 {
			windowsAVX512(rows, vecs, c, x, b, &offsets[0], words)
		} else {
			windowsAVX2(rows, vecs, c, x, b, &offsets[0], words)
		}
		part.acc = 1
	}
}

// mostWindows returns how many rows a tile of W·b may have.
func mostWindows(vecs int) int {
	if active == avx2 && vecs == 2 {
		return 6
	}
	return 9
}

func copyRowsVec(dst []float32, ldd int, src []float32, lds, m, n int) bool {
	if active == portable {
		return false
	}
	copyRows(&dst[0], &src[0], ldd, lds, m, n)
	return true
}

func copyRows(dst, src *float32, ldd, lds, m, n int) {
	if active == avx512 {
		copyRowsAVX512(dst, src, 4*ldd, 4*lds, m, n)
	} else {
		copyRowsAVX2(dst, src, 4*ldd, 4*lds, m, n)
	}
}
