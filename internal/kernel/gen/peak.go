package main

import (
	"github.com/mmcloughlin/avo/attr"
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// peakChains is how many independent chains the probe runs: more than the
// latency of a multiply-add times the units that do it.
const peakChains = 12

// peak emits a loop of nothing but multiply-adds, the yardstick of all others.
func (v isa) peak() {
	TEXT("peak"+v.name, attr.NOSPLIT, "func(n int)")
	doc("peak"+v.name, "runs 12 independent chains of n vector multiply-adds.")
	n := ptr("n")
	x := v.vec()
	v.zero(x)
	chains := make([]reg.VecVirtual, peakChains)
	for i := range chains {
		chains[i] = v.vec()
		v.zero(chains[i])
	}
	Label("loop")
	for _, c := range chains {
		VFMADD231PS(x, x, c)
	}
	DECQ(n)
	JNZ(LabelRef("loop"))
	VZEROUPPER()
	RET()
}
