package main

import (
	"github.com/mmcloughlin/avo/attr"
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// isa is an instruction set: how wide its vectors are, and how it treats a
// vector that is only partly there.
type isa struct {
	name  string
	lanes int
	vec   func() reg.VecVirtual
}

var (
	avx512 = isa{"AVX512", 16, ZMM}
	avx2   = isa{"AVX2", 8, YMM}
	both   = []isa{avx512, avx2}
)

func (v isa) bytes() int { return 4 * v.lanes }

// zero clears a vector register. Of the ways to do it, avo knows of this one
// that it does not read what was there.
func (v isa) zero(r reg.VecVirtual) { VXORPS(r, r, r) }

// mask holds the lanes of a last, incomplete vector: a mask register in
// AVX-512, a vector of sign bits in AVX2.
type mask struct {
	isa
	k reg.Register
}

// tail makes the mask of the first n lanes, n from 1 to all.
func (v isa) tail(n reg.GPVirtual) mask {
	bits := GP64()
	if v.lanes == 16 {
		MOVQ(I32(-1), bits)
		BZHIQ(n, bits, bits)
		k := K()
		KMOVW(bits.As32(), k)
		return mask{v, k}
	}
	// Eight words of ones and eight zeros: a window n words before the middle.
	table := laneTable()
	LEAQ(table.Offset(4*8), bits)
	back := GP64()
	MOVQ(n, back)
	NEGQ(back)
	m := YMM()
	VMOVUPS(Mem{Base: bits, Index: back, Scale: 4}, m)
	return mask{v, m}
}

func (m mask) load(from Mem, to reg.VecVirtual) {
	if m.lanes == 16 {
		VMOVUPS_Z(from, m.k, to)
	} else {
		VMASKMOVPS(from, m.k, to)
	}
}

func (m mask) store(from reg.VecVirtual, to Mem) {
	if m.lanes == 16 {
		VMOVUPS(from, m.k, to)
	} else {
		VMASKMOVPS(from, m.k, to)
	}
}

var lanes *Mem

func laneTable() Mem {
	if lanes == nil {
		m := GLOBL("lanes", attr.RODATA|attr.NOPTR)
		for i := range 8 {
			DATA(4*i, I32(-1))
		}
		for i := range 8 {
			DATA(32+4*i, I32(0))
		}
		lanes = &m
	}
	return *lanes
}
