package allreduce

import (
	"fmt"

	"github.com/ballast-ml/ballast/internal/kernel"
)

// summing is the state of a Sum on one circle of nodes. Its memory serves one
// Sum after the other. What it calls shards are the places of the circle: those
// of a ring in two levels are groups of shards.
type summing struct {
	layout         // of partial sums
	totals layout  // of what is finished: another one where a level above does that
	lo, hi int     // shards of this node
	width  int     // shards of a group, if the places are groups; else 1
	routes []route // by chunk
	here   []bool  // by cell: it is summed on this circle; nil: all are
	alone  bool    // this node hosts all shards: nothing that it starts comes back to it
	stream int     // bytes of a vector that is written past the caches
	group  []float32
	own    struct { // the one part of the second level
		parts   [1][]float32
		factors [1]float32
	}

	dst     []float32
	parts   [][]float32
	factors []float32
	streams bool // dst is written past the caches

	final int    // elements from here on are final in all parts
	held  *Frame // a partial sum that waits for elements to become final

	next struct { // the next segment to start here
		bucket, chunk int
		offset        int // floats behind it in the chunk
	}
	flying int // floats that started here and are under way
	todo   int // floats still to come, over both legs

	partials []int // floats that came, by bucket and chunk of layout
	finals   []int // by those of totals
}

// begin sets up a Sum.
func (m *summing) begin(dst []float32, parts [][]float32, factors []float32) {
	m.n, m.totals.n, m.dst, m.parts, m.factors = len(dst), len(dst), dst, parts, factors
	m.streams = 4*m.n >= m.stream
	m.final = m.n
	m.next.bucket, m.next.chunk, m.next.offset = m.buckets()-1, m.hi-1, 0
	m.flying, m.todo = 0, 0
	m.partials = zeros(m.partials, m.buckets()*m.shards)
	m.finals = zeros(m.finals, m.totals.buckets()*m.totals.shards)
	for b := range m.buckets() {
		if !m.sums(b) {
			continue
		}
		for c := range m.shards {
			lo, hi := m.chunk(b, c)
			if m.routes[c].partial {
				m.todo += hi - lo
			}
			if m.routes[c].finished {
				m.todo += hi - lo
			}
		}
	}
	m.seek()
}

// zeros returns n of them, in the memory of x if it suffices.
func zeros(x []int, n int) []int {
	if cap(x) < n {
		return make([]int, n)
	}
	x = x[:n]
	clear(x)
	return x
}

// sums reports whether a bucket is summed on this circle.
func (m *summing) sums(bucket int) bool { return m.here == nil || m.here[bucket%m.cells] }

// end drops the caller's memory, and a frame that came too early.
func (m *summing) end() {
	m.dst, m.parts, m.factors = nil, nil, nil
	if m.held != nil {
		m.held.Release()
		m.held = nil
	}
}

// starting reports whether segments are left to start here.
func (m *summing) starting() bool { return m.next.bucket >= 0 }

// seek moves next past the chunks that are empty or wholly started. Buckets,
// chunks and segments go from the last to the first, as a backward pass
// finishes them.
func (m *summing) seek() {
	p := &m.next
	for m.starting() {
		for ; p.chunk >= m.lo && m.sums(p.bucket); p.chunk-- {
			if lo, hi := m.chunk(p.bucket, p.chunk); p.offset < hi-lo {
				return
			}
			p.offset = 0
		}
		p.bucket--
		p.chunk, p.offset = m.hi-1, 0
	}
}

// nextSegment returns the place of the next segment to start here.
func (m *summing) nextSegment(most int) (lo, n int) {
	lo, hi := m.chunk(m.next.bucket, m.next.chunk)
	hi -= m.next.offset
	n = min(most, hi-lo)
	return hi - n, n
}

// premature reports whether a frame is a partial sum to which this node cannot
// add its parts yet. Of a frame that does not fit, admit tells what is wrong.
func (m *summing) premature(h *Header) bool {
	lo, ok := m.reach(h)
	return ok && lo < m.final
}

// reach returns the first element of a partial sum; ok is false of a frame that
// is none, or does not fit.
func (m *summing) reach(h *Header) (lo int, ok bool) {
	if h.leg() != Partial || int(h.Bucket) >= m.buckets() || int(h.Chunk) >= m.shards || !m.sums(int(h.Bucket)) {
		return 0, false
	}
	first, hi := m.chunk(int(h.Bucket), int(h.Chunk))
	lo = hi - int(min(h.Offset, uint64(m.n))) - int(h.Length/4)
	return lo, lo >= first
}

// fold folds the shards [from, to) of this node into x, which stands for the
// elements of the vector from index lo on, in a cell. With first set, x has no
// value yet.
func (m *summing) fold(x []float32, lo, cell, from, to int, first bool) {
	if m.width > 1 {
		m.foldGroups(x, lo, cell, from, to, first)
		return
	}
	for s := from; s < to; s++ {
		p, f := m.parts[s-m.lo], m.factors[s-m.lo]
		switch {
		case p == nil && first:
			clear(x)
		case p == nil:
		case first:
			kernel.ScaleTo(x, f, p[lo:lo+len(x)])
		default:
			kernel.AddScaled(x, f, p[lo:lo+len(x)])
		}
		first = false
	}
}

// foldTo folds the shards of a route into y, a run of what a frame brings with
// the header h, a partial sum or a raw gradient; the result goes to the start of
// x, which may be y. It returns the length of y.
func (m *summing) foldTo(x, y []float32, h *Header, lo int, rt *route) int {
	x = x[:len(y)]
	raw := h.Leg == Raw
	var p []float32
	var s float32
	from := rt.lo
	if rt.lo < rt.hi && m.width == 1 {
		p, s = m.parts[rt.lo-m.lo], m.factors[rt.lo-m.lo]
		from++
	}
	switch {
	case p != nil && raw:
		kernel.AddScaledToScaled(x, s, p[lo:lo+len(x)], h.Factor, y)
	case p != nil:
		kernel.AddScaledTo(x, s, p[lo:lo+len(x)], y)
	case raw:
		kernel.ScaleTo(x, h.Factor, y)
	default:
		copy(x, y)
	}
	m.fold(x, lo, m.cell(h), from, rt.hi, false)
	return len(y)
}

// keep writes y, a run of a finished segment, to the start of x, its place in
// dst. It returns the length of y.
func (m *summing) keep(x, y []float32) int {
	if m.streams {
		kernel.Stream(x[:len(y)], y)
	} else {
		copy(x, y)
	}
	return len(y)
}

// finish is foldTo of the last shards, x being the place in dst.
func (m *summing) finish(x, y []float32, h *Header, lo int, rt *route) int {
	if !m.streams || m.nested() || m.width > 1 || rt.lo+1 != rt.hi || m.parts[rt.lo-m.lo] == nil {
		return m.foldTo(x, y, h, lo, rt)
	}
	scale := float32(1) // of a partial sum, which it changes in no bit
	if h.Leg == Raw {
		scale = h.Factor
	}
	x = x[:len(y)]
	p := m.parts[rt.lo-m.lo][lo : lo+len(x)]
	if &p[0] == &x[0] { // in place: the lines are there already
		kernel.AddScaledToScaled(x, m.factors[rt.lo-m.lo], p, scale, y)
	} else {
		kernel.StreamScaledToScaled(x, m.factors[rt.lo-m.lo], p, scale, y)
	}
	return len(y)
}

// leg returns the leg of a frame's way: a raw gradient travels where a partial
// sum does.
func (h *Header) leg() Leg {
	if h.Leg == Raw {
		return Partial
	}
	return h.Leg
}

// admit checks that a segment is the next one of its chunk and leg, and
// returns its place in dst.
func (m *summing) admit(h *Header) (x []float32, lo int, err error) {
	if h.Total != uint64(m.n) {
		return nil, 0, fmt.Errorf("%w: peer sums %d floats, this node %d", ErrFrame, h.Total, m.n)
	}
	l, came := m.layout, m.partials
	if h.Leg == Finished {
		l, came = m.totals, m.finals
	}
	b, c := int(h.Bucket), int(h.Chunk)
	if b >= l.buckets() || c >= l.shards {
		return nil, 0, fmt.Errorf("%w: bucket %d, chunk %d, this Sum has %d and %d", ErrFrame, b, c, l.buckets(), l.shards)
	}
	rt, leg := m.route(h), h.leg()
	if leg == Partial && !rt.partial || leg == Finished && !rt.finished || leg > Finished || !m.sums(b) {
		return nil, 0, fmt.Errorf("%w: bucket %d, chunk %d is not for this node", ErrFrame, b, c)
	}
	lo, hi := l.chunk(b, c)
	got := &came[b*l.shards+c]
	n := int(h.Length / 4)
	if h.Offset != uint64(*got) || n == 0 || n > hi-lo-*got {
		return nil, 0, fmt.Errorf("%w: bucket %d, chunk %d: %d floats at offset %d, want at most %d at %d",
			ErrFrame, b, c, n, h.Offset, hi-lo-*got, *got)
	}
	lo = hi - *got - n
	*got += n
	m.todo -= n
	return m.dst[lo : lo+n], lo, nil
}
