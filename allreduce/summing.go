package allreduce

import (
	"fmt"

	"github.com/ballast-ml/ballast/internal/kernel"
)

// summing is the state of a Sum on one node. Its memory serves one Sum after
// the other.
type summing struct {
	layout
	lo, hi int     // shards of this node
	routes []route // by chunk
	spares bool    // the ring has nodes without shards
	alone  bool    // this node hosts all shards: nothing that it starts comes back to it
	stream int     // bytes of a vector that is written past the caches

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
	flying int   // floats that started here and are under way
	todo   int   // floats still to come, over both legs
	got    []int // floats that came, by bucket, chunk and leg
}

func (m *summing) init(t Topology) {
	m.shards, m.bucket, m.stream = t.Count(), t.Sizes.Bucket, t.Sizes.Stream
	m.lo, m.hi = t.Shards[t.Rank], t.Shards[t.Rank+1]
	m.spares = t.spares()
	m.alone = m.hi-m.lo == m.shards
	for c := range m.shards {
		m.routes = append(m.routes, routeOf(t, c))
	}
}

// check panics if the arguments of a Sum do not fit each other or the ring.
func (m *summing) check(dst []float32, parts [][]float32, factors []float32) {
	if len(parts) != m.hi-m.lo || len(factors) != m.hi-m.lo {
		panic(fmt.Sprintf("allreduce: Sum of %d parts with %d factors on a node of %d shards",
			len(parts), len(factors), m.hi-m.lo))
	}
	for i, p := range parts {
		if p != nil && len(p) != len(dst) {
			panic(fmt.Sprintf("allreduce: Sum of %d floats, part %d has %d", len(dst), i, len(p)))
		}
	}
}

// begin sets up a Sum.
func (m *summing) begin(dst []float32, parts [][]float32, factors []float32) {
	m.n, m.dst, m.parts, m.factors = len(dst), dst, parts, factors
	m.streams = 4*m.n >= m.stream
	m.final = m.n
	m.next.bucket, m.next.chunk, m.next.offset = m.buckets()-1, m.hi-1, 0
	m.flying, m.todo = 0, 0
	n := 2 * m.buckets() * m.shards
	if cap(m.got) < n {
		m.got = make([]int, n)
	}
	m.got = m.got[:n]
	clear(m.got)
	for b := range m.buckets() {
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
		for ; p.chunk >= m.lo; p.chunk-- {
			if lo, hi := m.chunk(p.bucket, p.chunk); p.offset < hi-lo {
				return
			}
			p.offset = 0
		}
		p.bucket--
		p.chunk = m.hi - 1
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
	if m.final == 0 || h.leg() != Partial || int(h.Bucket) >= m.buckets() || int(h.Chunk) >= m.shards {
		return false
	}
	_, hi := m.chunk(int(h.Bucket), int(h.Chunk))
	return hi-int(min(h.Offset, uint64(m.n)))-int(h.Length/4) < m.final
}

// fold folds the shards [from, to) of this node into x, which stands for the
// elements of the vector from index lo on. With first set, x has no value yet.
func (m *summing) fold(x []float32, lo, from, to int, first bool) {
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
	if rt.lo < rt.hi {
		p, s = m.parts[rt.lo-m.lo], m.factors[rt.lo-m.lo]
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
	m.fold(x, lo, rt.lo+1, rt.hi, false)
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
	if !m.streams || rt.lo+1 != rt.hi || m.parts[rt.lo-m.lo] == nil {
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
	b, c := int(h.Bucket), int(h.Chunk)
	if b >= m.buckets() || c >= m.shards {
		return nil, 0, fmt.Errorf("%w: bucket %d, chunk %d, this Sum has %d and %d", ErrFrame, b, c, m.buckets(), m.shards)
	}
	rt := &m.routes[c]
	if h.leg() == Partial && !rt.partial || h.leg() == Finished && !rt.finished {
		return nil, 0, fmt.Errorf("%w: bucket %d, chunk %d is not for this node", ErrFrame, b, c)
	}
	lo, hi := m.chunk(b, c)
	got := &m.got[2*(b*m.shards+c)+int(h.leg()-Partial)]
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
