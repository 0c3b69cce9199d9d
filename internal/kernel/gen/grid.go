package main

import (
	"fmt"

	"github.com/mmcloughlin/avo/attr"
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// grid emits the micro-kernels of products with a grid on the right and on the
// left (windows).
func grid() {
	for _, halves := range []bool{false, true} {
		for _, s := range gridShapes(halves) {
			s.write()
		}
	}
	for _, s := range windowShapes() {
		s.write()
	}
	for _, v := range both {
		v.copyRows()
	}
}

// gridShape is the tile of a product whose right factor is a grid: as for other
// products, but always with a mask. If halves is set, each half of a vector is
// a row of the grid, and four rows make a tile.
type gridShape struct {
	shape
	halves bool
}

func gridShapes(halves bool) []gridShape {
	var list []gridShape
	for _, s := range shapes() {
		if s.masked && (!halves || s.lanes == 16 && s.vecs == 2) {
			list = append(list, gridShape{s, halves})
		}
	}
	return list
}

func (s gridShape) name() string {
	if s.halves {
		return fmt.Sprintf("halves%d%s", s.rows, s.isa.name)
	}
	return fmt.Sprintf("grid%dx%d%s", s.rows, s.vecs, s.isa.name)
}

// Fields of Go's type gridStrides, in words.
const (
	gridK = iota
	gridCount
	gridLdc
	gridAi
	gridDc
	gridDx
	gridJumpC
	gridJumpX
	gridTail
	gridAcc
	gridFields
)

// writeGrid emits the micro-kernel: that of other products, with the rows of b
// where a table says. The two vectors of a tile are a jump apart, in x and in
// c, so that they can be neighbours or in two rows of the grid.
func (s gridShape) write() {
	TEXT(s.name(), attr.NOSPLIT, fmt.Sprintf("func(c, a, x *float32, at *int, s *[%d]int)", gridFields))
	Pragma("noescape")
	doc(s.name(), fmt.Sprintf("computes tiles of %d×%d elements of c.", s.rows, s.vecs*s.lanes))

	args := Mem{Base: Load(Param("s"), GP64())}
	field := func(i int) Mem { return args.Offset(8 * i) }
	c, a, x := ptr("c"), ptr("a"), ptr("x")
	count := load(field(gridCount))
	arows := strided(field(gridAi), s.rows)
	var last mask
	if !s.halves {
		last = s.tail(load(field(gridTail)))
	}
	loadMasked := func(j int, from Mem, to vec) {
		if j == s.vecs-1 && !s.halves {
			last.load(from, to)
		} else {
			VMOVUPS(from, to)
		}
	}

	Label("tile")
	sums := make([][]vec, s.rows)
	for i := range sums {
		sums[i] = s.row()
	}
	// eachSum calls f with the place in c of each sum.
	eachSum := func(f func(i, j int, at Mem)) {
		rows := strided(field(gridLdc), s.rows)
		base := c
		for j := range s.vecs {
			disp := 0
			if s.vecs == 2 && j == 1 {
				base = load(field(gridJumpC))
				ADDQ(c, base)
			} else if s.vecs > 2 {
				disp = j * s.bytes()
			}
			if j == 0 || s.vecs == 2 {
				rows.from(base)
			}
			for i := range s.rows {
				f(i, j, rows.at(i).Offset(disp))
			}
		}
	}
	CMPQ(field(gridAcc), Imm(0))
	JNE(LabelRef("resume"))
	for _, row := range sums {
		for _, r := range row {
			s.zero(r)
		}
	}
	JMP(LabelRef("begin"))
	Label("resume")
	eachSum(func(i, j int, at Mem) { loadMasked(j, at, sums[i][j]) })

	Label("begin")
	// The next tile will want its part of c: fetch it behind this one, if this
	// one takes long enough.
	CMPQ(field(gridK), Imm(64))
	JLT(LabelRef("near"))
	ahead := load(field(gridDc))
	ADDQ(c, ahead)
	rows := strided(field(gridLdc), s.rows)
	rows.from(ahead)
	for i := range s.rows {
		for j := range s.vecs {
			PREFETCHT0(rows.at(i).Offset(j * s.bytes()))
		}
	}
	Label("near")
	arows.from(a)
	k, table := load(field(gridK)), ptr("at")
	var jump, jump3 reg.GPVirtual
	if s.vecs == 2 {
		jump = load(field(gridJumpX))
	}
	if s.halves {
		jump3 = GP64()
		LEAQ(Mem{Base: jump, Index: jump, Scale: 2}, jump3)
	}
	Label("k")
	offset := load(Mem{Base: table})
	bv := s.row()
	switch {
	case s.halves:
		LEAQ(Mem{Base: x, Index: offset, Scale: 4}, offset)
		VMOVUPS(Mem{Base: offset}, bv[0].AsY())
		VINSERTF32X8(Imm(1), Mem{Base: offset, Index: jump, Scale: 1}, bv[0], bv[0])
		VMOVUPS(Mem{Base: offset, Index: jump, Scale: 2}, bv[1].AsY())
		VINSERTF32X8(Imm(1), Mem{Base: offset, Index: jump3, Scale: 1}, bv[1], bv[1])
	case s.vecs == 2:
		second := GP64()
		LEAQ(Mem{Base: jump, Index: offset, Scale: 4}, second)
		loadMasked(0, Mem{Base: x, Index: offset, Scale: 4}, bv[0])
		loadMasked(1, Mem{Base: x, Index: second, Scale: 1}, bv[1])
	default:
		for j, r := range bv {
			loadMasked(j, Mem{Base: x, Index: offset, Scale: 4, Disp: j * s.bytes()}, r)
		}
	}
	for i, row := range sums {
		v := s.vec()
		VBROADCASTSS(arows.at(i), v)
		for j, sum := range row {
			VFMADD231PS(bv[j], v, sum)
		}
	}
	ADDQ(Imm(8), table)
	arows.advance(Imm(4))
	DECQ(k)
	JNZ(LabelRef("k"))

	eachSum(func(i, j int, at Mem) {
		if j == s.vecs-1 && !s.halves {
			last.store(sums[i][j], at)
		} else {
			VMOVUPS(sums[i][j], at)
		}
	})
	ADDQ(field(gridDc), c)
	ADDQ(field(gridDx), x)
	DECQ(count)
	JNZ(LabelRef("tile"))
	VZEROUPPER()
	RET()
}

// windows is the tile of a product whose left factor is a grid: each row of
// the tile sees the data from a place of its own, which it keeps a pointer to.
type windows struct {
	isa
	rows, vecs int
}

// mostWindows is as many pointers as there are registers for.
const mostWindows = 9

func windowShapes() []windows {
	var list []windows
	upTo := func(v isa, rows, vecs int) {
		for r := 1; r <= rows; r++ {
			list = append(list, windows{v, r, vecs})
		}
	}
	upTo(avx512, mostWindows, 1)
	upTo(avx512, mostWindows, 2)
	upTo(avx2, mostWindows, 1)
	upTo(avx2, 6, 2)
	return list
}

func (s windows) name() string { return fmt.Sprintf("windows%dx%d%s", s.rows, s.vecs, s.isa.name) }

// Fields of Go's type paces, in words.
const (
	paceRows = iota
	paceCols
	paceSkip
	paceLdc
	paceLdb
	paceTail
	paceAcc
	paces
)

// write emits the micro-kernel: two loops, over the rows of the grid and along
// each.
func (s windows) write() {
	TEXT(s.name(), attr.NOSPLIT, fmt.Sprintf("func(c, x, b *float32, at *int, s *[%d]int)", paces))
	Pragma("noescape")
	doc(s.name(), fmt.Sprintf("computes a tile of %d×%d elements of c.", s.rows, s.vecs*s.lanes))
	field := func(i int) Mem { return Mem{Base: ptr("s"), Disp: 8 * i} }

	t := shape{isa: s.isa, rows: s.rows, vecs: s.vecs}
	mask := s.tail(load(field(paceTail)))
	sums := make([][]reg.VecVirtual, s.rows)
	for i := range sums {
		sums[i] = t.row()
	}
	CMPQ(field(paceAcc), Imm(0))
	JNE(LabelRef("resume"))
	for _, row := range sums {
		for _, r := range row {
			s.zero(r)
		}
	}
	JMP(LabelRef("begin"))
	Label("resume")
	c, ldc := ptr("c"), load(field(paceLdc))
	for _, row := range sums {
		t.move(row, Mem{Base: c}, &mask)
		ADDQ(ldc, c)
	}

	Label("begin")
	x, at := ptr("x"), ptr("at")
	windows := make([]reg.GPVirtual, s.rows)
	for i := range windows {
		windows[i] = load(Mem{Base: at, Disp: 8 * i})
		LEAQ(Mem{Base: x, Index: windows[i], Scale: 4}, windows[i])
	}
	b, ldb, rows := ptr("b"), load(field(paceLdb)), load(field(paceRows))
	i := GP64()
	XORQ(i, i)
	Label("row")
	cols := load(field(paceCols))
	Label("col")
	bv := t.row()
	t.move(bv, Mem{Base: b}, &mask)
	for r, row := range sums {
		from := Mem{Base: windows[r], Index: i, Scale: 1}
		if s.lanes == 16 && s.vecs == 1 {
			VFMADD231PS_BCST(from, bv[0], row[0])
			continue
		}
		v := s.vec()
		VBROADCASTSS(from, v)
		for j, sum := range row {
			VFMADD231PS(bv[j], v, sum)
		}
	}
	ADDQ(ldb, b)
	ADDQ(Imm(4), i)
	DECQ(cols)
	JNZ(LabelRef("col"))
	ADDQ(load(field(paceSkip)), i)
	DECQ(rows)
	JNZ(LabelRef("row"))

	c, ldc = ptr("c"), load(field(paceLdc))
	for _, row := range sums {
		for j, r := range row {
			to := Mem{Base: c, Disp: j * s.bytes()}
			if j == s.vecs-1 {
				mask.store(r, to)
			} else {
				VMOVUPS(r, to)
			}
		}
		ADDQ(ldc, c)
	}
	VZEROUPPER()
	RET()
}

// copyRows emits the copy of a matrix to rows another distance apart. Calls of
// a general copy would take longer than copying, for rows this short.
func (v isa) copyRows() {
	TEXT("copyRows"+v.name, attr.NOSPLIT, "func(dst, src *float32, ldd, lds, m, n int)")
	Pragma("noescape")
	doc("copyRows"+v.name, "copies m rows of n elements; they are ldd and lds bytes apart.")
	dst, src, ldd, lds, m, n := ptr("dst"), ptr("src"), ptr("ldd"), ptr("lds"), ptr("m"), ptr("n")
	last, whole := v.split(n)
	tail := v.tail(last)
	Label("row")
	to, from, left := copyOf(dst), copyOf(src), copyOf(whole)
	TESTQ(left, left)
	JZ(LabelRef("tail"))
	Label("vector")
	x := v.vec()
	VMOVUPS(Mem{Base: from}, x)
	VMOVUPS(x, Mem{Base: to})
	ADDQ(Imm(uint64(v.bytes())), from)
	ADDQ(Imm(uint64(v.bytes())), to)
	DECQ(left)
	JNZ(LabelRef("vector"))
	Label("tail")
	y := v.vec()
	tail.load(Mem{Base: from}, y)
	tail.store(y, Mem{Base: to})
	ADDQ(ldd, dst)
	ADDQ(lds, src)
	DECQ(m)
	JNZ(LabelRef("row"))
	VZEROUPPER()
	RET()
}
