package kernel

import "unsafe"

// strides tells a micro-kernel how to walk; all but k, count, tail and acc are
// in bytes. Its layout is known to gen.
type strides struct {
	k     int // length of the chains
	count int // tiles to compute in this call
	ldc   int // from a row of c to the next
	ai    int // from an element of a to the one of the next row of c
	ak    int // from an element of a to the next in its chain
	ldb   int // from a row of b to the next
	dc    int // from a tile of c to the next
	da    int // from its rows of a to those of the next tile
	db    int // from its columns of b to those of the next tile
	tail  int // lanes in the last vector of a tile
	acc   int // 0: chains start from zero, else from c
}

// job is a product whose b has adjacent columns: c (+)= a·b. Strides are in
// elements, named as in strides.
type job struct {
	c, a, b          *float32
	m, n, k          int
	ldc, ai, ak, ldb int
	acc              bool
}

func matMulVec(c, a, b []float32, m, n, k, ai, ak int, acc bool) bool {
	if active == portable {
		return false
	}
	j := job{c: &c[0], a: &a[0], b: &b[0], m: m, n: n, k: k, ldc: n, ai: ai, ak: ak, ldb: n, acc: acc}
	j.run()
	return true
}

// width returns the lanes of a vector, the most vectors a tile of few rows
// spans, and what counts as few.
func width() (lanes, vecs, few int) {
	if active == avx512 {
		return 16, 4, 6
	}
	return 8, 4, 2
}

// run cuts the columns into panels of whole tiles and a rest.
func (j *job) run() {
	lanes, vecs, few := width()
	if j.m > few {
		vecs = 2
	}
	w := vecs * lanes
	col := j.n / w * w
	if col > 0 {
		j.panels(0, vecs, lanes, j.n/w)
	}
	for col < j.n {
		rest := j.n - col
		for vecs > 1 && rest <= (vecs-1)*lanes || vecs == 4 && active == avx2 {
			vecs /= 2 // the narrowest tile that holds the rest, or half of it
		}
		w = min(rest, vecs*lanes)
		j.panels(col, vecs, w-(vecs-1)*lanes, 1)
		col += w
	}
}

// panels computes the columns from col on in panels of vecs vectors, the last
// of which has tail lanes.
func (j *job) panels(col, vecs, tail, panels int) {
	lanes, _, _ := width()
	s := strides{
		k: j.k, ldc: 4 * j.ldc, ai: 4 * j.ai, ak: 4 * j.ak, ldb: 4 * j.ldb, tail: tail,
	}
	if j.acc {
		s.acc = 1
	}
	w := vecs * lanes
	// Rows are shared out evenly, in blocks that differ by at most one.
	blocks := (j.m + mostRows(vecs) - 1) / mostRows(vecs)
	low, high := j.m/blocks, j.m%blocks
	if j.k*j.n <= 6<<10 || blocks == 1 {
		s.count, s.dc, s.db = panels, 4*w, 4*w
		row := 0
		for i := range blocks {
			rows := low
			if i < high {
				rows++
			}
			tile(rows, vecs, lanes, at(j.c, row*j.ldc+col), at(j.a, row*j.ai), at(j.b, col), &s)
			row += rows
		}
		return
	}
	for range panels {
		rows := low + 1
		s.dc, s.da = 4*rows*j.ldc, 4*rows*j.ai
		if high > 0 {
			s.count = high
			tile(rows, vecs, lanes, at(j.c, col), at(j.a, 0), at(j.b, col), &s)
		}
		s.dc, s.da, s.count = 4*low*j.ldc, 4*low*j.ai, blocks-high
		tile(low, vecs, lanes, at(j.c, high*rows*j.ldc+col), at(j.a, high*rows*j.ai), at(j.b, col), &s)
		col += w
	}
}

// mostRows returns how many rows a tile of that many vectors may have.
func mostRows(vecs int) int {
	if active == avx512 {
		return [5]int{1: 14, 2: 14, 4: 6}[vecs]
	}
	return [5]int{1: 12, 2: 6, 4: 2}[vecs]
}

func tile(rows, vecs, lanes int, c, a, b *float32, s *strides) {
	words := (*[11]int)(unsafe.Pointer(s))
	switch {
	case active == avx512:
		tileAVX512(rows, vecs, c, a, b, words)
	case s.tail < lanes:
		tileMaskedAVX2(rows, vecs, c, a, b, words)
	default:
		tileAVX2(rows, vecs, c, a, b, words)
	}
}

// at returns a pointer i elements further on.
func at(p *float32, i int) *float32 {
	return (*float32)(unsafe.Add(unsafe.Pointer(p), 4*i))
}

func matMulNTVec(c, a, b []float32, m, n, k int, acc bool) bool {
	bt := make([]float32, n*k)
	transposeGo(bt, b, n, k)
	return matMulVec(c, a, bt, m, n, k, k, 1, acc)
}
func transposeVec(dst []float32, ldd int, src []float32, lds, m, n int) bool {
	return false
}

func addScaledVec(dst []float32, s float32, x []float32) bool { return false }
func scaleToVec(dst []float32, s float32, x []float32) bool   { return false }
func addVec(dst, x []float32) bool                            { return false }
func reluVec(dst, x []float32) bool                           { return false }
func reluBackwardVec(dx, dy, y []float32) bool                { return false }
func addRowVec(dst, row []float32, m int) bool                { return false }
func addRowReLUVec(dst, row []float32, m int) bool            { return false }
func sumRowsVec(row, x []float32, m int) bool                 { return false }
func sumSquaresVec(sums *[8]float64, x []float32) bool        { return false }

func peakVec(n int) (lanes int) {
	switch active {
	case avx512:
		peakAVX512(n)
		return 16
	case avx2:
		peakAVX2(n)
		return 8
	}
	return 0
}
