package kernel

import "unsafe"

// matMulGridVec computes c = a·W, tile of rows by tile of rows. A tile goes
// over the rows of the grid, if these fill vectors well; else over the image as
// if the grid were one long row, ends of the image's rows included, and what
// lies inside is copied out.
func matMulGridVec(c, a, x []float32, at []int, m int, g Grid) bool {
	if active == portable {
		return false
	}
	if g.Cols == g.Pitch {
		g = Grid{1, g.Places(), g.Places()}
	}
	j := gridJob{a: &a[0], x: &x[0], at: at, m: m}
	n, long := g.Places(), (g.Rows-1)*g.Pitch+g.Cols
	wide := Grid{1, long, long}
	if g.Rows == 1 || long > longest || j.cost(g) <= j.cost(wide)*17/16 {
		for row := 0; row < m; {
			row += j.run(&c[row*n], row, g)
		}
		return true
	}
	s := borrow()
	for row := 0; row < m; {
		rows := j.run(&s.b[0], row, wide)
		for i := range rows {
			copyRows(&c[(row+i)*n], &s.b[i*long], g.Cols, g.Pitch, g.Rows, g.Cols)
		}
		row += rows
	}
	s.giveBack()
	return true
}

// longest is the most places a tile in scratch memory has room for.
const longest = blockK * blockN / 20

// gridJob is a product a·W, of m rows.
type gridJob struct {
	a, x *float32
	at   []int
	m    int
}

// gridStrides tells a micro-kernel of a·W how to walk; all but k, count, tail
// and acc are in bytes. Its layout is known to gen.
type gridStrides struct {
	k            int // length of the chains
	count        int // tiles to compute in this call
	ldc, ai      int // from a row of c and of a to the next
	dc, dx       int // from a tile of c, and what it sees of x, to the next
	jumpC, jumpX int // from the first vector of two to the second
	tail         int // lanes in the last vector of a tile
	acc          int // 0: chains start from zero, else from c
}

// strip is a run of tiles of one width: down the rows of a grid, or along a
// row.
type strip struct {
	row, col int // where it begins in the grid
	vecs     int
	halves   bool // each half of a vector is a row
	gridStrides
}

// strips calls f for the strips that cover the grid. A tile of two vectors is
// two neighbours in a row, or one above the other if a row is one vector wide. Rows half a vector wide
// go four to a tile.
func (j *gridJob) strips(g Grid, f func(s strip)) {
	lanes := lanesOf(active)
	if active == avx512 && g.Cols == lanes/2 && g.Rows%4 == 0 {
		s := strip{vecs: 2, halves: true}
		s.count, s.dc, s.dx = g.Rows/4, 4*4*g.Cols, 4*4*g.Pitch
		s.jumpC, s.jumpX = 4*lanes, 4*g.Pitch
		f(s)
		return
	}
	for col := 0; col < g.Cols; {
		s := strip{col: col, vecs: j.widest()}
		rest := g.Cols - col
		for s.vecs > 1 && rest < s.vecs*lanes && (s.vecs > 2 || rest <= lanes) {
			s.vecs /= 2
		}
		s.jumpC, s.jumpX = 4*lanes, 4*lanes
		width := min(rest, s.vecs*lanes)
		s.tail = width - (s.vecs-1)*lanes
		s.count, s.dc, s.dx = g.Rows, 4*g.Cols, 4*g.Pitch
		switch {
		case g.Rows == 1: // along the row
			s.count, s.dc, s.dx = max(1, min(rest/(s.vecs*lanes), mostN/(s.vecs*lanes))), 4*s.vecs*lanes, 4*s.vecs*lanes
			width *= s.count
		case s.vecs == 1 && width == lanes: // two rows at a time
			pair := s
			pair.vecs = 2
			pair.jumpC, pair.jumpX = s.dc, s.dx
			pair.count, pair.dc, pair.dx = g.Rows/2, 2*s.dc, 2*s.dx
			f(pair)
			s.row, s.count = g.Rows/2*2, g.Rows%2
		}
		if s.count > 0 {
			f(s)
		}
		col += width
	}
}

// widest is the number of vectors of the widest tiles, with which few rows need
// more chains side by side.
func (j *gridJob) widest() int {
	if active == avx512 && j.m <= mostRows(4) {
		return 4
	}
	return 2
}

// rows returns how many rows the tile at that row has, the rest shared out
// evenly.
func (j *gridJob) rows(row int) int {
	most := mostRows(j.widest())
	tiles := (j.m - row + most - 1) / most
	return (j.m - row + tiles - 1) / tiles
}

// cost estimates the time of the product over a grid, in multiply-adds of a
// vector per offset; fewer than eight chains wait for each other.
func (j *gridJob) cost(g Grid) (total int) {
	rows := j.rows(0)
	j.strips(g, func(s strip) { total += max(rows*s.vecs, 8) * s.count })
	return total
}

// run computes the tile at that row, into rows of c that are g.Places apart,
// and returns how many they are.
func (j *gridJob) run(c *float32, row int, g Grid) int {
	rows, k := j.rows(row), len(j.at)
	j.strips(g, func(s strip) {
		s.ldc, s.ai = 4*g.Places(), 4*k
		c, x := at(c, s.row*g.Cols+s.col), at(j.x, s.row*g.Pitch+s.col)
		for p := 0; p < k; p += mostK {
			s.k = min(mostK, k-p)
			a, words := at(j.a, row*k+p), (*[10]int)(unsafe.Pointer(&s.gridStrides))
			switch {
			case s.halves:
				halvesAVX512(rows, c, a, x, &j.at[p], words)
			case active == avx512:
				gridAVX512(rows, s.vecs, c, a, x, &j.at[p], words)
			default:
				gridAVX2(rows, s.vecs, c, a, x, &j.at[p], words)
			}
			s.acc = 1
		}
	})
	return rows
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
