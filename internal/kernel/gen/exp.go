package main

import (
	"fmt"
	"math"

	"github.com/mmcloughlin/avo/attr"
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
)

// exponential emits the exponential function of float64. Its steps and
// constants are those of the portable path, which explains them.
func exponential() {
	for _, v := range both {
		TEXT("exp"+v.name, attr.NOSPLIT, "func(dst, x *float64, n int)")
		Pragma("noescape")
		doc("exp"+v.name, "sets dst[i] to the exponential of x[i].")
		dst, x, n := ptr("dst"), ptr("x"), ptr("n")
		wide := v.lanes / 2
		Label("loop")
		CMPQ(n, Imm(uint64(wide)))
		JLT(LabelRef("tail"))
		r := v.vec()
		VMOVUPD(Mem{Base: x}, r)
		VMOVUPD(v.exp(r), Mem{Base: dst})
		ADDQ(Imm(uint64(v.bytes())), x)
		ADDQ(Imm(uint64(v.bytes())), dst)
		SUBQ(Imm(uint64(wide)), n)
		JMP(LabelRef("loop"))
		Label("tail")
		TESTQ(n, n)
		JZ(LabelRef("done"))
		ADDQ(n, n) // lanes of four bytes
		m := v.tail(n)
		m.load(Mem{Base: x}, r)
		m.store(v.exp(r), Mem{Base: dst})
		Label("done")
		VZEROUPPER()
		RET()
	}
}

// exp returns the exponential of x, which it overwrites.
func (v isa) exp(x vec) vec {
	limit, k, p := v.vec(), v.vec(), v.vec()
	VMOVUPD(float64s("most", 720), limit)
	VMINPD(x, limit, x) // NaN stays, being the second operand
	VMOVUPD(float64s("least", -760), limit)
	VMAXPD(x, limit, x)
	VMULPD(float64s("perLn2", 1/math.Ln2), x, k)
	if v.lanes == 16 {
		VRNDSCALEPD(Imm(0), k, k)
	} else {
		VROUNDPD(Imm(0), k, k)
	}
	VFNMADD231PD(float64s("ln2High", 0x1.62e42fefap-1), k, x)
	VFNMADD231PD(float64s("ln2Low", 0x1.cf79abc9e3b3ap-40), k, x)
	factorial := 1.0
	for i := 2; i <= 13; i++ {
		factorial *= float64(i)
	}
	VMOVUPD(float64s("over13", 1/factorial), p)
	for i := 13; i > 0; i-- {
		factorial /= float64(i)
		VFMADD213PD(float64s(fmt.Sprintf("over%d", i-1), 1/factorial), x, p)
	}
	// 2ᵏ in two halves, neither of which overflows.
	if v.lanes == 16 {
		whole, half, low, high := YMM(), YMM(), ZMM(), ZMM()
		VCVTPD2DQ(k, whole)
		VPSRAD(Imm(1), whole, half)
		VPSUBD(half, whole, whole)
		VPMOVSXDQ(half, low)
		VPMOVSXDQ(whole, high)
		return v.scale(p, low, high)
	}
	whole, half, low, high := XMM(), XMM(), YMM(), YMM()
	VCVTPD2DQY(k, whole)
	VPSRAD(Imm(1), whole, half)
	VPSUBD(half, whole, whole)
	VPMOVSXDQ(half, low)
	VPMOVSXDQ(whole, high)
	return v.scale(p, low, high)
}

// scale multiplies p by two powers of two, given their exponents.
func (v isa) scale(p vec, exponents ...vec) vec {
	for _, e := range exponents {
		VPADDQ(int64s("bias", 1023), e, e)
		VPSLLQ(Imm(52), e, e)
		VMULPD(e, p, p)
	}
	return p
}

func float64s(name string, value float64) Mem { return int64s(name, math.Float64bits(value)) }

// int64s returns a vector of a quadword in every lane.
func int64s(name string, word uint64) Mem {
	if _, ok := constants[name]; !ok {
		m := GLOBL(name, attr.RODATA|attr.NOPTR)
		for i := range 8 {
			DATA(8*i, U64(word))
		}
		constants[name] = m
	}
	return constants[name]
}
