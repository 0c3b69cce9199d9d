package main

import (
	"math"
	"slices"
	"strings"

	"github.com/mmcloughlin/avo/attr"
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

type vec = reg.VecVirtual

// elementwise is a kernel that treats all elements of some slices of one
// length alike.
type elementwise struct {
	name, doc string
	reads     []string // pointers whose elements are loaded
	writes    []string // pointers whose elements are stored, among reads or not
	scalars   []string // float32 arguments, broadcast
	unroll    int      // vectors in flight
	// stream stores past the caches, to a dst that begins with a cache line.
	stream bool
	// body computes, from a vector of each of reads and the scalars, one for
	// each of writes. It may overwrite x, but not s.
	body func(v isa, x, s []vec) []vec
}

var elementwises = []elementwise{
	{
		name: "addScaled", doc: "performs dst = fma(s, x, dst).",
		reads: []string{"dst", "x"}, writes: []string{"dst"}, scalars: []string{"s"}, unroll: 4,
		body: func(v isa, x, s []vec) []vec {
			VFMADD231PS(x[1], s[0], x[0])
			return x[:1]
		},
	},
	{
		name: "addScaledTo", doc: "performs dst = fma(s, x, y).",
		reads: []string{"y", "x"}, writes: []string{"dst"}, scalars: []string{"s"}, unroll: 4,
		body: func(v isa, x, s []vec) []vec {
			VFMADD231PS(x[1], s[0], x[0])
			return x[:1]
		},
	},
	{
		name: "addScaledToScaled", doc: "performs dst = fma(s, x, t*y), rounding the product.",
		reads: []string{"y", "x"}, writes: []string{"dst"}, scalars: []string{"s", "t"}, unroll: 4,
		body: func(v isa, x, s []vec) []vec {
			mul(x[0], s[1])
			VFMADD231PS(x[1], s[0], x[0])
			return x[:1]
		},
	},
	{
		name: "streamScaledToScaled", doc: "performs dst = fma(s, x, t*y), rounding the product, past the caches; dst begins with a cache line.",
		reads: []string{"y", "x"}, writes: []string{"dst"}, scalars: []string{"s", "t"}, unroll: 4, stream: true,
		body: func(v isa, x, s []vec) []vec {
			mul(x[0], s[1])
			VFMADD231PS(x[1], s[0], x[0])
			return x[:1]
		},
	},
	{
		name: "stream", doc: "performs dst = x, past the caches; dst begins with a cache line.",
		reads: []string{"x"}, writes: []string{"dst"}, unroll: 4, stream: true,
		body: func(v isa, x, s []vec) []vec { return x },
	},
	{
		name: "scaleTo", doc: "performs dst = s*x.",
		reads: []string{"x"}, writes: []string{"dst"}, scalars: []string{"s"}, unroll: 4,
		body: func(v isa, x, s []vec) []vec { return one(mul(x[0], s[0])) },
	},
	{
		name: "add", doc: "performs dst = dst + x.",
		reads: []string{"dst", "x"}, writes: []string{"dst"}, unroll: 4,
		body: func(v isa, x, s []vec) []vec { return one(add(x[0], x[1])) },
	},
	{
		name: "relu", doc: "performs dst = x, or 0 where x <= 0.",
		reads: []string{"x"}, writes: []string{"dst"}, unroll: 4,
		body: func(v isa, x, s []vec) []vec { return one(v.keep(x[0], x[0])) },
	},
	{
		name: "reluBackward", doc: "performs dx = dy, or 0 where y <= 0.",
		reads: []string{"dy", "y"}, writes: []string{"dx"}, unroll: 4,
		body: func(v isa, x, s []vec) []vec { return one(v.keep(x[0], x[1])) },
	},
	{
		name: "addReLU", doc: "performs dst = dst + x, or 0 where that is <= 0.",
		reads: []string{"dst", "x"}, writes: []string{"dst"}, unroll: 4,
		body: func(v isa, x, s []vec) []vec { y := add(x[0], x[1]); return one(v.keep(y, y)) },
	},
	{
		name: "addScalarReLU", doc: "performs dst = dst + s, or 0 where that is <= 0.",
		reads: []string{"dst"}, writes: []string{"dst"}, scalars: []string{"s"}, unroll: 4,
		body: func(v isa, x, s []vec) []vec { y := add(x[0], s[0]); return one(v.keep(y, y)) },
	},
	{
		name: "normalize", doc: "performs dst = gain*((x - mean)*scale) + bias, rounding each operation.",
		reads: []string{"x"}, writes: []string{"dst"}, scalars: []string{"mean", "scale", "gain", "bias"}, unroll: 4,
		body: func(v isa, x, s []vec) []vec {
			return one(add(mul(mul(sub(x[0], s[0]), s[1]), s[2]), s[3]))
		},
	},
	{
		name: "normalizeBackward", doc: "performs dx = gain*((dy - a) - ((x - mean)*scale)*b), rounding each operation.",
		reads: []string{"dy", "x"}, writes: []string{"dx"}, scalars: []string{"mean", "scale", "gain", "a", "b"}, unroll: 4,
		body: func(v isa, x, s []vec) []vec {
			h := mul(mul(sub(x[1], s[0]), s[1]), s[4])
			return one(mul(sub(sub(x[0], s[3]), h), s[2]))
		},
	},
	{
		name: "momentum", doc: "performs v = settle(mu*v + u), u = v, rounding each operation.",
		reads: []string{"u", "v"}, writes: []string{"u", "v"}, scalars: []string{"mu"}, unroll: 4,
		body: func(v isa, x, s []vec) []vec {
			m := v.settle(add(mul(x[1], s[0]), x[0]))
			return []vec{m, m}
		},
	},
	momentumStep("momentumStep", "v = settle(mu*v + u), p = fma(rate, v, p)", nil),
	momentumStep("decayMomentumStep", "u = fma(decay, p, u) in registers, v = settle(mu*v + u), p = fma(rate, v, p)", []string{"decay"}),
	{
		name: "nesterov", doc: "performs v = settle(mu*v + u), u = u + mu*v, rounding each operation.",
		reads: []string{"u", "v"}, writes: []string{"u", "v"}, scalars: []string{"mu"}, unroll: 4,
		body: func(v isa, x, s []vec) []vec {
			m := v.vec()
			VMULPS(s[0], x[1], m)
			m = v.settle(add(m, x[0]))
			VMULPS(s[0], m, x[1])
			return []vec{add(x[0], x[1]), m}
		},
	},
	{
		name: "adam", doc: "performs m = settle(b1*m + a1*u), v = settle(b2*v + a2*(u*u)), u = (c1*m) / (c2*sqrt(v) + eps), rounding each operation.",
		reads: []string{"u", "m", "v"}, writes: []string{"u", "m", "v"},
		scalars: []string{"b1", "a1", "b2", "a2", "c1", "c2", "eps"}, unroll: 1,
		body: func(v isa, x, s []vec) []vec {
			b1, a1, b2, a2, c1, c2, eps := s[0], s[1], s[2], s[3], s[4], s[5], s[6]
			u, m, w := x[0], x[1], x[2]
			t := v.vec()
			VMULPS(a1, u, t)
			m = v.settle(add(mul(m, b1), t))
			VMULPS(u, u, t)
			w = v.settle(add(mul(w, b2), mul(t, a2)))
			root := v.vec()
			VSQRTPS(w, root)
			add(mul(root, c2), eps)
			VMULPS(c1, m, u)
			VDIVPS(root, u, u)
			return []vec{u, m, w}
		},
	},
}

// momentumStep is a whole step of momentum, with decay if there is a scalar for
// it.
func momentumStep(name, does string, decay []string) elementwise {
	return elementwise{
		name: name, doc: "performs " + does + ", rounding each operation.",
		reads: []string{"v", "p", "u"}, writes: []string{"v", "p"}, scalars: append([]string{"mu", "rate"}, decay...), unroll: 4,
		body: func(v isa, x, s []vec) []vec {
			old, p, u := x[0], x[1], x[2]
			if len(decay) > 0 {
				VFMADD231PS(p, s[2], u)
			}
			m := v.settle(add(mul(old, s[0]), u))
			VFMADD231PS(m, s[1], p)
			return []vec{m, p}
		},
	}
}

func one(x vec) []vec { return []vec{x} }

func add(x, y vec) vec { VADDPS(y, x, x); return x }
func sub(x, y vec) vec { VSUBPS(y, x, x); return x }
func mul(x, y vec) vec { VMULPS(y, x, x); return x }

// keep returns x where by is neither <= 0, and +0 elsewhere; NaN keeps.
func (v isa) keep(x, by vec) vec {
	const notLessOrEqual = 0x16 // true of unordered operands, quiet
	zero := v.vec()
	v.zero(zero)
	r := v.vec()
	if v.lanes == 16 {
		k := K()
		VCMPPS(Imm(notLessOrEqual), zero, by, k)
		VMOVAPS_Z(x, k, r)
	} else {
		VCMPPS(Imm(notLessOrEqual), zero, by, r)
		VANDPS(r, x, r)
	}
	return r
}

// settle returns x, or +0 where |x| < 2⁻¹²⁰; NaN stays.
func (v isa) settle(x vec) vec {
	const notLess = 0x15 // true of unordered operands, quiet
	r := v.vec()
	VANDPS(constant("magnitude", 1<<31-1), x, r)
	tiny := constant("tiny", math.Float32bits(0x1p-120))
	if v.lanes == 16 {
		k := K()
		VCMPPS(Imm(notLess), tiny, r, k)
		VMOVAPS_Z(x, k, r)
	} else {
		VCMPPS(Imm(notLess), tiny, r, r)
		VANDPS(r, x, r)
	}
	return r
}

var constants = map[string]Mem{}

// constant returns a vector of a word in every lane.
func constant(name string, word uint32) Mem {
	if _, ok := constants[name]; !ok {
		m := GLOBL(name, attr.RODATA|attr.NOPTR)
		for i := range 16 {
			DATA(4*i, U32(word))
		}
		constants[name] = m
	}
	return constants[name]
}

func vector() {
	for _, v := range both {
		for _, e := range elementwises {
			e.write(v)
		}
		same, relu := func(x vec) vec { return x }, func(x vec) vec { return v.keep(x, x) }
		v.addRow("addRow", "adds row, n long, to each of m rows of dst.", same)
		v.addRow("addRowReLU", "adds row, n long, to each of m rows of dst, and clears what is <= 0.", relu)
		v.addCycle("addCycle", "adds row, n long and repeated for one more vector, to total elements of dst, again and again; step is the length of a vector modulo n.", same)
		v.addCycle("addCycleReLU", "is addCycle that clears what is <= 0.", relu)
		v.sumRows()
		v.transpose()
		v.sumSquares()
		v.fractions()
	}
}

func (e elementwise) write(v isa) {
	var pointers []string
	for _, p := range slices.Concat(e.writes, e.reads) {
		if !slices.Contains(pointers, p) {
			pointers = append(pointers, p)
		}
	}
	args := strings.Join(pointers, ", ") + " *float32, n int"
	if len(e.scalars) > 0 {
		args += ", " + strings.Join(e.scalars, ", ") + " float32"
	}
	TEXT(e.name+v.name, attr.NOSPLIT, "func("+args+")")
	Pragma("noescape")
	doc(e.name+v.name, e.doc)

	at := map[string]reg.GPVirtual{}
	for _, p := range pointers {
		at[p] = ptr(p)
	}
	n := ptr("n")
	var s []vec
	for _, name := range e.scalars {
		r := v.vec()
		VBROADCASTSS(param(name), r)
		s = append(s, r)
	}
	// loop treats vectors as long as there are that many.
	loop := func(label string, vectors int) {
		Label(label)
		CMPQ(n, I32(vectors*v.lanes))
		JLT(LabelRef(label + "End"))
		for i := range vectors {
			var x []vec
			for _, p := range e.reads {
				r := v.vec()
				VMOVUPS(Mem{Base: at[p], Disp: i * v.bytes()}, r)
				x = append(x, r)
			}
			for j, r := range e.body(v, x, s) {
				to := Mem{Base: at[e.writes[j]], Disp: i * v.bytes()}
				if e.stream {
					VMOVNTPS(r, to)
				} else {
					VMOVUPS(r, to)
				}
			}
		}
		for _, p := range pointers {
			ADDQ(I32(vectors*v.bytes()), at[p])
		}
		SUBQ(I32(vectors*v.lanes), n)
		JMP(LabelRef(label))
		Label(label + "End")
	}
	if e.unroll > 1 {
		loop("many", e.unroll)
	}
	loop("one", 1)
	TESTQ(n, n)
	JZ(LabelRef("done"))
	m := v.tail(n)
	var x []vec
	for _, p := range e.reads {
		r := v.vec()
		m.load(Mem{Base: at[p]}, r)
		x = append(x, r)
	}
	for j, r := range e.body(v, x, s) {
		m.store(r, Mem{Base: at[e.writes[j]]})
	}
	Label("done")
	if e.stream {
		SFENCE() // whoever learns of the result finds it
	}
	VZEROUPPER()
	RET()
}
