package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// rows addresses up to 20 rows a fixed stride apart by pointers seven rows
// apart, and the stride times 1, 3 and 5, which x86 can scale by 1, 2, 4 and 8.
type rows struct {
	p          []reg.GPVirtual
	s1, s3, s5 reg.GPVirtual
	n          int
}

func strided(stride Mem, n int) *rows { return stridedBy(load(stride), n) }

func stridedBy(stride reg.GPVirtual, n int) *rows {
	r := &rows{s1: stride, n: n}
	if n > 3 {
		r.s3 = GP64()
		LEAQ(Mem{Base: r.s1, Index: r.s1, Scale: 2}, r.s3)
	}
	if n > 5 {
		r.s5 = GP64()
		LEAQ(Mem{Base: r.s1, Index: r.s1, Scale: 4}, r.s5)
	}
	return r
}

// from sets the pointers to the first row.
func (r *rows) from(first reg.GPVirtual) {
	r.p = []reg.GPVirtual{copyOf(first)}
	for i := 7; i < r.n; i += 7 {
		last, p := r.p[len(r.p)-1], GP64()
		LEAQ(Mem{Base: last, Index: r.s1, Scale: 1}, p)
		LEAQ(Mem{Base: p, Index: r.s3, Scale: 2}, p)
		r.p = append(r.p, p)
	}
}

func (r *rows) at(i int) Mem {
	base := r.p[i/7]
	switch i %= 7; i {
	case 0:
		return Mem{Base: base}
	case 1, 2, 4:
		return Mem{Base: base, Index: r.s1, Scale: uint8(i)}
	case 3, 6:
		return Mem{Base: base, Index: r.s3, Scale: uint8(i / 3)}
	}
	return Mem{Base: base, Index: r.s5, Scale: 1}
}

func (r *rows) advance(by Op) {
	for _, p := range r.p {
		ADDQ(by, p)
	}
}

func ptr(name string) reg.GPVirtual { return Load(Param(name), GP64()).(reg.GPVirtual) }

func load(m Mem) reg.GPVirtual {
	r := GP64()
	MOVQ(m, r)
	return r
}

func copyOf(from reg.GPVirtual) reg.GPVirtual {
	r := GP64()
	MOVQ(from, r)
	return r
}

func param(name string) Mem {
	a, err := Param(name).Resolve()
	if err != nil {
		panic(err)
	}
	return a.Addr
}
