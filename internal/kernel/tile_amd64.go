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

// job is a product c = a·b, or c += a·b, whose b and c have adjacent columns.
// Strides are in elements, named as in strides.
type job struct {
	c, a, b          *float32
	m, n, k          int
	ldc, ai, ak, ldb int
	acc              bool
}

// The garbage collector has to wait for a micro-kernel to return, so no call
// may do more than this: a millisecond's work.
const (
	mostM = 1 << 10
	mostN = 1 << 12
	mostK = 1 << 10
)

// run computes the whole product with b where it is.
func (j *job) run() {
	if j.m <= mostM && j.n <= mostN && j.k <= mostK {
		j.columns()
		return
	}
	first, second := j.halves()
	first.run()
	second.run()
}

// halves cuts a product that is too much for one call in two, to be computed
// in this order.
func (j *job) halves() (first, second job) {
	first, second = *j, *j
	switch {
	case j.k > mostK:
		first.k = j.k / 2
		second.k -= first.k
		second.a, second.b, second.acc = at(j.a, first.k*j.ak), at(j.b, first.k*j.ldb), true
	case j.m > mostM:
		first.m = j.m / 2
		second.m -= first.m
		second.a, second.c = at(j.a, first.m*j.ai), at(j.c, first.m*j.ldc)
	default:
		first.n = up(j.n/2, 64) // whole panels of any width
		second.n -= first.n
		second.b, second.c = at(j.b, first.n), at(j.c, first.n)
	}
	return first, second
}

// columns cuts the columns into panels of whole tiles, and a rest for which
// the narrowest tile is taken.
func (j *job) columns() {
	lanes := lanesOf(active)
	vecs := 2
	if j.m <= mostRows(4) {
		vecs = 4 // few rows need more chains side by side
	}
	w := vecs * lanes
	col := j.n / w * w
	if col > 0 {
		j.panels(0, vecs, lanes, j.n/w)
	}
	for col < j.n {
		rest := j.n - col
		for vecs > 1 && rest <= (vecs-1)*lanes || vecs == 4 && active == avx2 {
			vecs /= 2
		}
		w = min(rest, vecs*lanes)
		j.panels(col, vecs, w-(vecs-1)*lanes, 1)
		col += w
	}
}

// panels computes the columns from col on in panels of vecs vectors, of which
// the last has tail lanes. Rows are shared out evenly over tiles, so that two
// heights suffice.
func (j *job) panels(col, vecs, tail, count int) {
	s := strides{
		k: j.k, ldc: 4 * j.ldc, ai: 4 * j.ai, ak: 4 * j.ak, ldb: 4 * j.ldb, tail: tail,
	}
	if j.acc {
		s.acc = 1
	}
	w := vecs * lanesOf(active)
	tiles := (j.m + mostRows(vecs) - 1) / mostRows(vecs)
	low, high := j.m/tiles, j.m%tiles // the first high tiles have a row more
	if tiles == 1 || j.k*j.n <= smallB {
		// Rows by rows: b stays in the nearest cache, and c is written in order.
		s.count, s.dc, s.db = count, 4*w, 4*w
		for i, row := 0, 0; i < tiles; i++ {
			rows := low
			if i < high {
				rows++
			}
			j.tile(row, col, rows, vecs, &s)
			row += rows
		}
		return
	}
	for range count {
		// Panel by panel: the panel stays near, and a goes by.
		if high > 0 {
			s.count, s.dc, s.da = high, 4*(low+1)*j.ldc, 4*(low+1)*j.ai
			j.tile(0, col, low+1, vecs, &s)
		}
		s.count, s.dc, s.da = tiles-high, 4*low*j.ldc, 4*low*j.ai
		j.tile(high*(low+1), col, low, vecs, &s)
		col += w
	}
}

// smallB is the number of elements of b that, together with what else is in
// use, stay in the nearest cache.
const smallB = 6 << 10

// mostRows returns how many rows a tile of that many vectors may have.
func mostRows(vecs int) int {
	if active == avx512 {
		return [...]int{1: 20, 2: 14, 4: 6}[vecs]
	}
	return [...]int{1: 12, 2: 6, 4: 2}[vecs]
}

// tile runs a micro-kernel from that row and column on.
func (j *job) tile(row, col, rows, vecs int, s *strides) {
	c, a, b := at(j.c, row*j.ldc+col), at(j.a, row*j.ai), at(j.b, col)
	words := (*[11]int)(unsafe.Pointer(s))
	switch {
	case active == avx512:
		tileAVX512(rows, vecs, c, a, b, words)
	case s.tail < lanesOf(avx2):
		tileMaskedAVX2(rows, vecs, c, a, b, words)
	default:
		tileAVX2(rows, vecs, c, a, b, words)
	}
}

// at returns a pointer i elements further on.
func at(p *float32, i int) *float32 {
	return (*float32)(unsafe.Add(unsafe.Pointer(p), 4*i))
}

func sliceAt(p *float32, i, n int) []float32 { return unsafe.Slice(at(p, i), n) }
