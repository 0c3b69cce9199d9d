package main

import (
	"fmt"

	"github.com/mmcloughlin/avo/attr"
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// shape is the tile of the product that one micro-kernel keeps in registers:
// rows × (vecs × lanes) sums, beside vecs registers for a row of b and one for
// an element of a. AVX2 needs one more for the mask of a last vector that is
// only partly there; masked tells whether the kernel has one. AVX-512 masks
// cost nothing, so there all kernels have one.
type shape struct {
	isa
	rows, vecs int
	masked     bool
}

func (s shape) name() string {
	m := ""
	if s.masked && s.lanes == 8 {
		m = "Masked"
	}
	return fmt.Sprintf("tile%dx%d%s%s", s.rows, s.vecs, m, s.isa.name)
}

// shapes lists the micro-kernels. The wide ones are for few rows, where the
// bound is the number of independent chains and of loads of b.
func shapes() []shape {
	var list []shape
	upTo := func(v isa, rows, vecs int, masked bool) {
		for r := 1; r <= rows; r++ {
			list = append(list, shape{v, r, vecs, masked})
		}
	}
	upTo(avx512, 20, 1, true)
	upTo(avx512, 14, 2, true)
	upTo(avx512, 6, 4, true)
	upTo(avx2, 12, 1, false)
	upTo(avx2, 12, 1, true)
	upTo(avx2, 6, 2, false)
	upTo(avx2, 6, 2, true)
	upTo(avx2, 2, 4, false)
	return list
}

// Fields of Go's type strides, in words.
const (
	fieldK = iota
	fieldCount
	fieldLdc
	fieldAi
	fieldAk
	fieldLdb
	fieldDc
	fieldDa
	fieldDb
	fieldTail
	fieldAcc
	fields
)

func matmul() {
	for _, s := range shapes() {
		s.write()
	}
	for _, v := range both {
		v.pack()
		v.peak()
	}
}

// write emits the micro-kernel. The outer loop takes count tiles, each a fixed
// distance from the last; the inner one runs over k.
func (s shape) write() {
	TEXT(s.name(), attr.NOSPLIT, fmt.Sprintf("func(c, a, b *float32, s *[%d]int)", fields))
	Pragma("noescape")
	doc(s.name(), fmt.Sprintf("computes tiles of %d×%d elements of c.", s.rows, s.vecs*s.lanes))

	args := Mem{Base: Load(Param("s"), GP64())}
	field := func(i int) Mem { return args.Offset(8 * i) }
	c, a, b := ptr("c"), ptr("a"), ptr("b")
	count := load(field(fieldCount))
	arows := strided(field(fieldAi), s.rows)
	var m *mask
	if s.masked {
		t := s.tail(load(field(fieldTail)))
		m = &t
	}

	Label("tile")
	sums := make([][]reg.VecVirtual, s.rows)
	crows := strided(field(fieldLdc), s.rows)
	crows.from(c)
	for i := range sums {
		sums[i] = s.row()
	}
	CMPQ(field(fieldAcc), Imm(0))
	JNE(LabelRef("resume"))
	for _, row := range sums {
		for _, r := range row {
			s.zero(r)
		}
	}
	JMP(LabelRef("begin"))
	Label("resume")
	for i, row := range sums {
		s.move(row, crows.at(i), m)
	}
	Label("begin")
	// The next tile will want its part of c: fetch it behind this one, if this
	// one takes long enough.
	CMPQ(field(fieldK), Imm(64))
	JLT(LabelRef("near"))
	ahead := load(field(fieldDc))
	ADDQ(c, ahead)
	crows.from(ahead)
	for i := range s.rows {
		for j := range s.vecs {
			PREFETCHT0(crows.at(i).Offset(j * s.bytes()))
		}
	}
	Label("near")

	arows.from(a)
	bp, k, ak, ldb := copyOf(b), load(field(fieldK)), load(field(fieldAk)), load(field(fieldLdb))
	Label("k")
	bv := s.row()
	s.move(bv, Mem{Base: bp}, m)
	for i, row := range sums {
		x := s.vec()
		VBROADCASTSS(arows.at(i), x)
		for j, sum := range row {
			VFMADD231PS(bv[j], x, sum)
		}
	}
	ADDQ(ldb, bp)
	arows.advance(ak)
	DECQ(k)
	JNZ(LabelRef("k"))

	crows = strided(field(fieldLdc), s.rows)
	crows.from(c)
	for i, row := range sums {
		for j, r := range row {
			to := crows.at(i).Offset(j * s.bytes())
			if m != nil && j == s.vecs-1 {
				m.store(r, to)
			} else {
				VMOVUPS(r, to)
			}
		}
	}
	ADDQ(field(fieldDc), c)
	ADDQ(field(fieldDa), a)
	ADDQ(field(fieldDb), b)
	DECQ(count)
	JNZ(LabelRef("tile"))
	VZEROUPPER()
	RET()
}

// row returns registers for one row of the tile.
func (s shape) row() []reg.VecVirtual {
	r := make([]reg.VecVirtual, s.vecs)
	for j := range r {
		r[j] = s.vec()
	}
	return r
}

// move loads a row; absent lanes become zero.
func (s shape) move(row []reg.VecVirtual, from Mem, m *mask) {
	for j, r := range row {
		src := from.Offset(j * s.bytes())
		if m != nil && j == s.vecs-1 {
			m.load(src, r)
		} else {
			VMOVUPS(src, r)
		}
	}
}

// panel is the number of vectors in a row of a packed panel of b.
const panel = 2

// pack emits the copy of panels of b to where the rows of each are adjacent.
func (v isa) pack() {
	TEXT("pack"+v.name, attr.NOSPLIT, "func(dst, src *float32, stride, rows, panels int)")
	Pragma("noescape")
	doc("pack"+v.name, fmt.Sprintf("copies rows, stride bytes apart, of adjacent panels of %d columns to panels one after the other.", panel*v.lanes))
	dst, src, stride, n, panels := ptr("dst"), ptr("src"), ptr("stride"), ptr("rows"), ptr("panels")
	size := GP64() // of a packed panel
	IMUL3Q(I32(panel*v.bytes()), n, size)
	Label("row")
	from, to, left := copyOf(src), copyOf(dst), copyOf(panels)
	Label("panel")
	for j := range panel {
		r := v.vec()
		VMOVUPS(Mem{Base: from, Disp: j * v.bytes()}, r)
		VMOVUPS(r, Mem{Base: to, Disp: j * v.bytes()})
	}
	ADDQ(I32(panel*v.bytes()), from)
	ADDQ(size, to)
	DECQ(left)
	JNZ(LabelRef("panel"))
	ADDQ(stride, src)
	ADDQ(I32(panel*v.bytes()), dst)
	DECQ(n)
	JNZ(LabelRef("row"))
	VZEROUPPER()
	RET()
}
