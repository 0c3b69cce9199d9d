package main

import (
	"github.com/mmcloughlin/avo/attr"
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
)

// transpose emits the transpose of a strip of at most as many rows as a vector
// has lanes, one square tile of columns after the other.
func (v isa) transpose() {
	TEXT("transpose"+v.name, attr.NOSPLIT, "func(dst, src *float32, ldd, lds, m, n int)")
	Pragma("noescape")
	doc("transpose"+v.name, "performs dst = srcᵀ for src of m rows, at most as many as a vector has lanes, and n columns; strides are in bytes.")
	dst, src, m, n := ptr("dst"), ptr("src"), ptr("m"), ptr("n")
	from := strided(param("lds"), v.lanes)
	ldd := load(param("ldd"))
	from.from(src)
	next := func() { // to the tile on the right; dst is there already
		from.advance(Imm(uint64(v.bytes())))
		SUBQ(Imm(uint64(v.lanes)), n)
	}

	CMPQ(m, Imm(uint64(v.lanes)))
	JNE(LabelRef("edge"))
	Label("whole")
	CMPQ(n, Imm(uint64(v.lanes)))
	JLT(LabelRef("edge"))
	t := make([]vec, v.lanes)
	for i := range t {
		t[i] = v.vec()
		VMOVUPS(from.at(i), t[i])
	}
	for _, x := range v.square(t) {
		VMOVUPS(x, Mem{Base: dst})
		ADDQ(ldd, dst)
	}
	next()
	JMP(LabelRef("whole"))

	// A tile at the edge loads the rows and stores the columns that exist.
	Label("edge")
	TESTQ(n, n)
	JLE(LabelRef("done"))
	rows := v.tail(m)
	width := GP64()
	MOVQ(I32(v.lanes), width)
	CMPQ(n, width)
	CMOVQLT(n, width)
	columns := v.tail(width)
	for i := range t {
		t[i] = v.vec()
		v.zero(t[i])
	}
	for i := range t {
		if i > 0 {
			CMPQ(m, Imm(uint64(i)))
			JE(LabelRef("loaded"))
		}
		columns.load(from.at(i), t[i])
	}
	Label("loaded")
	for j, x := range v.square(t) {
		if j > 0 {
			CMPQ(n, Imm(uint64(j)))
			JE(LabelRef("done"))
		}
		rows.store(x, Mem{Base: dst})
		ADDQ(ldd, dst)
	}
	next()
	JMP(LabelRef("edge"))
	Label("done")
	VZEROUPPER()
	RET()
}

// square transposes a square of vectors in registers: elements by pairs and
// then fours within 128 bits, and then the parts of 128 bits.
func (v isa) square(t []vec) []vec {
	t = v.pairs(t, 1, func(lo, hi, x, y vec) { VUNPCKLPS(y, x, lo); VUNPCKHPS(y, x, hi) })
	// t[4g] and t[4g+2] now hold elements 0 and 1 of each part of rows 4g to
	// 4g+3, t[4g+1] and t[4g+3] elements 2 and 3.
	r := make([]vec, len(t))
	for g := 0; g < len(t); g += 4 {
		for i := range 2 {
			x, y := t[g+i], t[g+i+2]
			r[g+2*i], r[g+2*i+1] = v.vec(), v.vec()
			VUNPCKLPD(y, x, r[g+2*i])
			VUNPCKHPD(y, x, r[g+2*i+1])
		}
	}
	// Part l of r[4g+c] is rows 4g to 4g+3 of column 4l+c.
	if v.lanes == 8 {
		return v.pairs(r, 4, func(lo, hi, x, y vec) {
			VPERM2F128(Imm(0x20), y, x, lo)
			VPERM2F128(Imm(0x31), y, x, hi)
		})
	}
	parts := func(even, odd, x, y vec) { // parts 0, 2 and 1, 3 of both
		VSHUFF32X4(Imm(0x88), y, x, even)
		VSHUFF32X4(Imm(0xdd), y, x, odd)
	}
	return v.pairs(v.pairs(r, 4, parts), 8, parts)
}

// pairs applies op to the vectors a distance apart in each run of twice the
// distance, and puts its two results in their places.
func (v isa) pairs(t []vec, distance int, op func(lo, hi, x, y vec)) []vec {
	r := make([]vec, len(t))
	for i := range t {
		if i&distance == 0 {
			r[i], r[i+distance] = v.vec(), v.vec()
			op(r[i], r[i+distance], t[i], t[i+distance])
		}
	}
	return r
}

// sumSquares emits the sums of squares of eight blocks of 4096 elements at
// once, a lane of float64 for each block: blocks are read across, transposed
// and widened, so that each lane adds its own block in ascending order. The
// square is exact in float64, so fusing it with the sum changes nothing.
func (v isa) sumSquares() {
	TEXT("sumSquares"+v.name, attr.NOSPLIT, "func(sums *float64, x *float32)")
	Pragma("noescape")
	doc("sumSquares"+v.name, "sets sums[i] to the sum of the squares of block i of 4096 elements of x, for eight blocks.")
	sums, x := ptr("sums"), ptr("x")
	stride := GP64()
	MOVQ(I32(4*4096), stride)
	blocks := stridedBy(stride, 8)
	blocks.from(x)
	n := GP64()
	MOVQ(I32(4096/8), n)
	acc := make([]vec, 16/v.lanes) // eight float64: one vector of 512 bits, two of 256
	for i := range acc {
		acc[i] = v.vec()
		v.zero(acc[i])
	}
	Label("loop")
	t := make([]vec, 8)
	for i := range t {
		t[i] = YMM()
		VMOVUPS(blocks.at(i), t[i])
	}
	for _, r := range avx2.square(t) {
		if v.lanes == 16 {
			w := ZMM()
			VCVTPS2PD(r, w)
			VFMADD231PD(w, w, acc[0])
			continue
		}
		lo, hi, high := YMM(), YMM(), XMM()
		VEXTRACTF128(Imm(1), r, high)
		VCVTPS2PD(r.AsX(), lo)
		VCVTPS2PD(high, hi)
		VFMADD231PD(lo, lo, acc[0])
		VFMADD231PD(hi, hi, acc[1])
	}
	blocks.advance(Imm(32))
	DECQ(n)
	JNZ(LabelRef("loop"))
	for i, a := range acc {
		VMOVUPD(a, Mem{Base: sums, Disp: i * v.bytes()})
	}
	VZEROUPPER()
	RET()
}
