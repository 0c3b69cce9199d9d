package main

import (
	"github.com/mmcloughlin/avo/attr"
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// planes emits the kernels over planes of images: sums in sixteen lanes of
// float64, and pooling.
func planes() {
	for _, v := range both {
		v.laneSum()
		v.laneProducts()
		v.maxPool(false)
		v.maxPool(true)
	}
}

// partly makes the mask of vector i of vectors of which together the first n
// lanes are there.
func (v isa) partly(n reg.GPVirtual, i int) mask {
	here, limit := copyOf(n), GP64()
	if i > 0 {
		SUBQ(Imm(uint64(i*v.lanes)), here)
	}
	XORQ(limit, limit)
	CMPQ(here, limit)
	CMOVQLT(limit, here)
	MOVQ(I32(v.lanes), limit)
	CMPQ(here, limit)
	CMOVQGT(limit, here)
	return v.tail(here)
}

// clear makes absent lanes zero.
func (m mask) clear(r vec) {
	if m.lanes == 16 {
		VMOVAPS_Z(r, m.k, r)
	} else {
		VANDPS(m.k, r, r)
	}
}

// lanes16 is sixteen sums of float64, in order.
type lanes16 []vec

func (v isa) lanesAt(name string) (lanes16, func()) {
	p := ptr(name)
	w := make(lanes16, 32/v.lanes)
	for i := range w {
		w[i] = v.vec()
		VMOVUPD(Mem{Base: p, Disp: i * v.bytes()}, w[i])
	}
	return w, func() {
		p := ptr(name)
		for i, r := range w {
			VMOVUPD(r, Mem{Base: p, Disp: i * v.bytes()})
		}
	}
}

// widen converts a vector to two of float64.
func (v isa) widen(r vec) []vec {
	lo, hi := v.vec(), v.vec()
	if v.lanes == 16 {
		high := YMM()
		VEXTRACTF64X4(Imm(1), r, high)
		VCVTPS2PD(r.AsY(), lo)
		VCVTPS2PD(high, hi)
	} else {
		high := XMM()
		VEXTRACTF128(Imm(1), r, high)
		VCVTPS2PD(r.AsX(), lo)
		VCVTPS2PD(high, hi)
	}
	return []vec{lo, hi}
}

// inSixteens calls f for each vector of the named slices, with the first of the
// two sums among the lanes that it belongs to. Sixteen elements are one vector
// or two. Elements absent from the last sixteen load as zeros, and keep makes
// them zeros again.
func (v isa) inSixteens(f func(lane int, x []vec, keep func(vec)), names ...string) {
	p := make([]reg.GPVirtual, len(names))
	for i, name := range names {
		p[i] = ptr(name)
	}
	n := ptr("n")
	each := func(load func(i int, from Mem, to vec), keep func(i int) func(vec)) {
		for i := range 16 / v.lanes {
			x := make([]vec, len(p))
			for j, q := range p {
				x[j] = v.vec()
				load(i, Mem{Base: q, Disp: i * v.bytes()}, x[j])
			}
			f(2*i, x, keep(i))
		}
	}
	Label("loop")
	CMPQ(n, Imm(16))
	JLT(LabelRef("tail"))
	each(func(_ int, from Mem, to vec) { VMOVUPS(from, to) }, func(int) func(vec) { return func(vec) {} })
	for _, q := range p {
		ADDQ(Imm(64), q)
	}
	SUBQ(Imm(16), n)
	JMP(LabelRef("loop"))
	Label("tail")
	TESTQ(n, n)
	JZ(LabelRef("done"))
	each(func(i int, from Mem, to vec) { v.partly(n, i).load(from, to) },
		func(i int) func(vec) { return func(r vec) { v.partly(n, i).clear(r) } })
	Label("done")
}

func (v isa) broadcast(name string) vec {
	r := v.vec()
	VBROADCASTSS(param(name), r)
	return r
}

// laneSum emits the sum of the elements in lanes.
func (v isa) laneSum() {
	TEXT("laneSum"+v.name, attr.NOSPLIT, "func(lanes *float64, x *float32, n int)")
	Pragma("noescape")
	doc("laneSum"+v.name, "adds x to the lanes.")
	lanes, store := v.lanesAt("lanes")
	v.inSixteens(func(lane int, x []vec, _ func(vec)) {
		for i, w := range v.widen(x[0]) {
			VADDPD(w, lanes[lane+i], lanes[lane+i])
		}
	}, "x")
	store()
	VZEROUPPER()
	RET()
}

// laneProducts emits the two sums that the derivative of a normalization takes
// out.
func (v isa) laneProducts() {
	TEXT("laneProducts"+v.name, attr.NOSPLIT, "func(sums, dots *float64, d, x *float32, n int, mean, scale float32)")
	Pragma("noescape")
	doc("laneProducts"+v.name, "adds d to the lanes of sums, and d*((x - mean)*scale) to those of dots, each operation but the last product rounded to float32.")
	mean, scale := v.broadcast("mean"), v.broadcast("scale")
	sums, storeSums := v.lanesAt("sums")
	dots, storeDots := v.lanesAt("dots")
	v.inSixteens(func(lane int, x []vec, keep func(vec)) {
		d, h := x[0], x[1]
		mul(sub(h, mean), scale)
		keep(h) // 0·NaN would not be 0
		wide := v.widen(d)
		for i, w := range wide {
			VADDPD(w, sums[lane+i], sums[lane+i])
		}
		for i, w := range v.widen(h) {
			VFMADD231PD(wide[i], w, dots[lane+i]) // the product is exact
		}
	}, "d", "x")
	storeSums()
	storeDots()
	VZEROUPPER()
	RET()
}
