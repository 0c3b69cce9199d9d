package main

import (
	"math"

	"github.com/mmcloughlin/avo/attr"
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
)

// fractions emits the conversion of bytes to fractions of 255. A division takes
// as long as a table, an element a cycle. Instead, 1/255 in two parts times the
// byte, the lower product rounded first, is p/255 rounded once for each of the
// 256 bytes.
func (v isa) fractions() {
	TEXT("fractions"+v.name, attr.NOSPLIT, "func(dst *float32, src *uint8, vectors int)")
	Pragma("noescape")
	doc("fractions"+v.name, "performs dst = src/255 for so many vectors of elements.")
	const exact = 1.0 / 255
	high := float32(exact)
	low := float32(exact - float64(high))
	h := constant("per255", math.Float32bits(high))
	l := constant("per255Rest", math.Float32bits(low))
	dst, src, n := ptr("dst"), ptr("src"), ptr("vectors")
	hi, lo := v.vec(), v.vec()
	VMOVUPS(h, hi)
	VMOVUPS(l, lo)
	loop := func(label string, vectors int) {
		Label(label)
		CMPQ(n, Imm(uint64(vectors)))
		JLT(LabelRef(label + "End"))
		for i := range vectors {
			x, p := v.vec(), v.vec()
			VPMOVZXBD(Mem{Base: src, Disp: i * v.lanes}, x)
			VCVTDQ2PS(x, x)
			VMULPS(lo, x, p)
			VFMADD231PS(hi, x, p)
			VMOVUPS(p, Mem{Base: dst, Disp: i * v.bytes()})
		}
		ADDQ(I32(vectors*v.lanes), src)
		ADDQ(I32(vectors*v.bytes()), dst)
		SUBQ(Imm(uint64(vectors)), n)
		JMP(LabelRef(label))
		Label(label + "End")
	}
	loop("four", 4)
	loop("one", 1)
	VZEROUPPER()
	RET()
}
