package main

import (
	"github.com/mmcloughlin/avo/attr"
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// maxPool emits the maximum of 2×2 squares, or its derivative.
func (v isa) maxPool(backward bool) {
	name, comment := "maxPool"+v.name, "sets m rows of n elements of y to the maxima of the 2×2 squares of x, whose rows are lds bytes apart."
	signature := "func(y, x *float32, lds, m, n int)"
	if backward {
		name, comment = "maxPoolBackward"+v.name, "sets the places of the maxima in dx to the elements of dy, m rows of n, and the others to zero; rows of dx and x are lds bytes apart."
		signature = "func(dx, dy, x *float32, lds, m, n int)"
	}
	TEXT(name, attr.NOSPLIT, signature)
	Pragma("noescape")
	doc(name, comment)
	x, lds, rows := ptr("x"), ptr("lds"), ptr("m")
	small, large := "y", ""
	if backward {
		small, large = "dy", "dx"
	}
	y := ptr(small)
	var dx reg.GPVirtual
	if backward {
		dx = ptr(large)
	}
	n := ptr("n")
	last, whole := v.split(n)
	one := v.tail(last)
	twice := copyOf(last)
	ADDQ(twice, twice)
	two := []mask{v.partly(twice, 0), v.partly(twice, 1)}

	square := func(upper, lower, out, dupper, dlower reg.GPVirtual, masked bool) {
		load := func(p reg.GPVirtual) (lo, hi vec) {
			lo, hi = v.vec(), v.vec()
			if masked {
				two[0].load(Mem{Base: p}, lo)
				two[1].load(Mem{Base: p, Disp: v.bytes()}, hi)
			} else {
				VMOVUPS(Mem{Base: p}, lo)
				VMOVUPS(Mem{Base: p, Disp: v.bytes()}, hi)
			}
			return lo, hi
		}
		store := func(lo, hi vec, p reg.GPVirtual) {
			if masked {
				two[0].store(lo, Mem{Base: p})
				two[1].store(hi, Mem{Base: p, Disp: v.bytes()})
			} else {
				VMOVUPS(lo, Mem{Base: p})
				VMOVUPS(hi, Mem{Base: p, Disp: v.bytes()})
			}
		}
		a, b := v.deinterleave(load(upper))
		c, d := v.deinterleave(load(lower))
		best := v.larger(v.larger(a, b), v.larger(c, d))
		if !backward {
			if masked {
				one.store(best, Mem{Base: out})
			} else {
				VMOVUPS(best, Mem{Base: out})
			}
			return
		}
		left := v.vec()
		if masked {
			one.load(Mem{Base: out}, left)
		} else {
			VMOVUPS(Mem{Base: out}, left)
		}
		da := v.take(left, a, best)
		db := v.take(left, b, best)
		dc := v.take(left, c, best)
		lo, hi := v.interleave(da, db)
		store(lo, hi, dupper)
		lo, hi = v.interleave(dc, left)
		store(lo, hi, dlower)
	}

	Label("row")
	upper, lower, out, left := copyOf(x), GP64(), copyOf(y), copyOf(whole)
	LEAQ(Mem{Base: x, Index: lds, Scale: 1}, lower)
	var dupper, dlower reg.GPVirtual
	if backward {
		dupper, dlower = copyOf(dx), GP64()
		LEAQ(Mem{Base: dx, Index: lds, Scale: 1}, dlower)
	}
	TESTQ(left, left)
	JZ(LabelRef("tail"))
	Label("vector")
	square(upper, lower, out, dupper, dlower, false)
	ADDQ(Imm(uint64(2*v.bytes())), upper)
	ADDQ(Imm(uint64(2*v.bytes())), lower)
	ADDQ(Imm(uint64(v.bytes())), out)
	if backward {
		ADDQ(Imm(uint64(2*v.bytes())), dupper)
		ADDQ(Imm(uint64(2*v.bytes())), dlower)
	}
	DECQ(left)
	JNZ(LabelRef("vector"))
	Label("tail")
	square(upper, lower, out, dupper, dlower, true)
	LEAQ(Mem{Base: out, Index: last, Scale: 4}, y)
	LEAQ(Mem{Base: x, Index: lds, Scale: 2}, x)
	if backward {
		LEAQ(Mem{Base: dx, Index: lds, Scale: 2}, dx)
	}
	DECQ(rows)
	JNZ(LabelRef("row"))
	VZEROUPPER()
	RET()
}

// larger returns x if it is larger than y or NaN, and else y. It overwrites
// neither.
func (v isa) larger(x, y vec) vec {
	const unordered = 3
	r := v.vec()
	VMAXPS(y, x, r) // y, if either is NaN
	if v.lanes == 16 {
		k := K()
		VCMPPS(Imm(unordered), x, x, k)
		VMOVAPS(x, k, r)
	} else {
		k := v.vec()
		VCMPPS(Imm(unordered), x, x, k)
		VBLENDVPS(k, x, r, r)
	}
	return r
}

// take returns the lanes of left in which x equals best, and takes them out of
// left.
func (v isa) take(left, x, best vec) vec {
	const equal, notEqual = 0, 4 // the first false of NaN, the second true
	r := v.vec()
	if v.lanes == 16 {
		k, rest := K(), K()
		VCMPPS(Imm(equal), best, x, k)
		VCMPPS(Imm(notEqual), best, x, rest)
		VMOVAPS_Z(left, k, r)
		VMOVAPS_Z(left, rest, left)
	} else {
		k := v.vec()
		VCMPPS(Imm(equal), best, x, k)
		VANDPS(left, k, r)
		VANDNPS(left, k, left)
	}
	return r
}

// deinterleave returns the elements at even and at odd places.
func (v isa) deinterleave(lo, hi vec) (even, odd vec) {
	even, odd = v.vec(), v.vec()
	if v.lanes == 16 {
		VMOVUPS(places("even", func(i int) int { return 2 * i }), even)
		VMOVUPS(places("odd", func(i int) int { return 2*i + 1 }), odd)
		VPERMI2PS(hi, lo, even)
		VPERMI2PS(hi, lo, odd)
		return even, odd
	}
	VSHUFPS(Imm(0x88), hi, lo, even)
	VPERMPD(Imm(0xd8), even, even)
	VSHUFPS(Imm(0xdd), hi, lo, odd)
	VPERMPD(Imm(0xd8), odd, odd)
	return even, odd
}

// interleave is the inverse of deinterleave.
func (v isa) interleave(even, odd vec) (lo, hi vec) {
	lo, hi = v.vec(), v.vec()
	if v.lanes == 16 {
		VMOVUPS(places("low", func(i int) int { return i/2 + 16*(i%2) }), lo)
		VMOVUPS(places("high", func(i int) int { return 8 + i/2 + 16*(i%2) }), hi)
		VPERMI2PS(odd, even, lo)
		VPERMI2PS(odd, even, hi)
		return lo, hi
	}
	l, h := v.vec(), v.vec()
	VUNPCKLPS(odd, even, l)
	VUNPCKHPS(odd, even, h)
	VPERM2F128(Imm(0x20), h, l, lo)
	VPERM2F128(Imm(0x31), h, l, hi)
	return lo, hi
}

// places returns a vector of indices.
func places(name string, f func(i int) int) Mem {
	if _, ok := constants[name]; !ok {
		m := GLOBL(name, attr.RODATA|attr.NOPTR)
		for i := range 16 {
			DATA(4*i, U32(uint32(f(i))))
		}
		constants[name] = m
	}
	return constants[name]
}
