package main

import (
	"github.com/mmcloughlin/avo/attr"
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// addRow emits a kernel over the rows of a matrix, one after the other.
func (v isa) addRow(name, comment string, body func(x vec) vec) {
	TEXT(name+v.name, attr.NOSPLIT, "func(dst, row *float32, m, n int)")
	Pragma("noescape")
	doc(name+v.name, comment)
	dst, row, rows, n := ptr("dst"), ptr("row"), ptr("m"), ptr("n")
	last, whole := v.split(n)
	m := v.tail(last)
	Label("row")
	r, left := copyOf(row), copyOf(whole)
	TESTQ(left, left)
	JZ(LabelRef("tail"))
	Label("vector")
	x := v.vec()
	VMOVUPS(Mem{Base: dst}, x)
	VADDPS(Mem{Base: r}, x, x)
	VMOVUPS(body(x), Mem{Base: dst})
	ADDQ(Imm(uint64(v.bytes())), dst)
	ADDQ(Imm(uint64(v.bytes())), r)
	DECQ(left)
	JNZ(LabelRef("vector"))
	Label("tail")
	x, y := v.vec(), v.vec()
	m.load(Mem{Base: dst}, x)
	m.load(Mem{Base: r}, y)
	m.store(body(add(x, y)), Mem{Base: dst})
	LEAQ(Mem{Base: dst, Index: last, Scale: 4}, dst)
	DECQ(rows)
	JNZ(LabelRef("row"))
	VZEROUPPER()
	RET()
}

// addCycle emits a kernel over a matrix whose rows are short and not whole
// vectors: it runs over the elements as if they were one row, and over the row
// to add in a circle. Row by row, every load of a row would have to wait for
// the store of the one before, with which its vector overlaps.
func (v isa) addCycle(name, comment string, body func(x vec) vec) {
	TEXT(name+v.name, attr.NOSPLIT, "func(dst, row *float32, total, n, step int)")
	Pragma("noescape")
	doc(name+v.name, comment)
	dst, row, total, n, step := ptr("dst"), ptr("row"), ptr("total"), ptr("n"), ptr("step")
	at := GP64()
	XORQ(at, at)
	Label("vector")
	CMPQ(total, Imm(uint64(v.lanes)))
	JLT(LabelRef("tail"))
	x := v.vec()
	VMOVUPS(Mem{Base: dst}, x)
	VADDPS(Mem{Base: row, Index: at, Scale: 4}, x, x)
	VMOVUPS(body(x), Mem{Base: dst})
	ADDQ(Imm(uint64(v.bytes())), dst)
	ADDQ(step, at)
	wrapped := copyOf(at)
	SUBQ(n, wrapped)
	CMOVQGE(wrapped, at)
	SUBQ(Imm(uint64(v.lanes)), total)
	JMP(LabelRef("vector"))
	Label("tail")
	TESTQ(total, total)
	JZ(LabelRef("done"))
	m := v.tail(total)
	x, y := v.vec(), v.vec()
	m.load(Mem{Base: dst}, x)
	m.load(Mem{Base: row, Index: at, Scale: 4}, y)
	m.store(body(add(x, y)), Mem{Base: dst})
	Label("done")
	VZEROUPPER()
	RET()
}

// split cuts n, not zero, into a number of whole vectors and a last one of at
// least one lane.
func (v isa) split(n reg.GPVirtual) (last, whole reg.GPVirtual) {
	whole = GP64()
	LEAQ(Mem{Base: n, Disp: -1}, whole)
	shift := uint64(4)
	if v.lanes == 8 {
		shift = 3
	}
	SHRQ(Imm(shift), whole)
	last = copyOf(whole)
	SHLQ(Imm(shift), last)
	NEGQ(last)
	ADDQ(n, last)
	return last, whole
}

// sumRows emits the sum of rows into one. Four vectors of columns at a time
// stay in registers while the rows go by, so that the four chains of additions
// overlap.
func (v isa) sumRows() {
	TEXT("sumRows"+v.name, attr.NOSPLIT, "func(row, x *float32, m, n int)")
	Pragma("noescape")
	doc("sumRows"+v.name, "adds m rows of x, n long, to row, in ascending order.")
	row, x, rows, n := ptr("row"), ptr("x"), ptr("m"), ptr("n")
	stride := copyOf(n)
	SHLQ(Imm(2), stride)
	columns := func(label string, vectors int) {
		Label(label)
		CMPQ(n, I32(vectors*v.lanes))
		JLT(LabelRef(label + "End"))
		sums := make([]vec, vectors)
		for i := range sums {
			sums[i] = v.vec()
			VMOVUPS(Mem{Base: row, Disp: i * v.bytes()}, sums[i])
		}
		p, left := copyOf(x), copyOf(rows)
		Label(label + "Row")
		for i, s := range sums {
			VADDPS(Mem{Base: p, Disp: i * v.bytes()}, s, s)
		}
		ADDQ(stride, p)
		DECQ(left)
		JNZ(LabelRef(label + "Row"))
		for i, s := range sums {
			VMOVUPS(s, Mem{Base: row, Disp: i * v.bytes()})
		}
		ADDQ(I32(vectors*v.bytes()), row)
		ADDQ(I32(vectors*v.bytes()), x)
		SUBQ(I32(vectors*v.lanes), n)
		JMP(LabelRef(label))
		Label(label + "End")
	}
	columns("four", 4)
	columns("one", 1)
	TESTQ(n, n)
	JZ(LabelRef("done"))
	m := v.tail(n)
	s, y := v.vec(), v.vec()
	m.load(Mem{Base: row}, s)
	Label("tail")
	m.load(Mem{Base: x}, y)
	add(s, y)
	ADDQ(stride, x)
	DECQ(rows)
	JNZ(LabelRef("tail"))
	m.store(s, Mem{Base: row})
	Label("done")
	VZEROUPPER()
	RET()
}
