package allreduce

import "context"

// Sum computes dst = Σ factors[s]·parts[s] over all S shards of the ring; every
// node gets the same bits. parts and factors are this node's shards in order,
// none on a spare; all parts have the length of dst, which is the same on all
// nodes. A finite part with factor 0 contributes ±0; NaN and Inf are carried
// through.
//
// A nil part is skipped: the partial sum passes it untouched, and a fold that
// starts at a nil part starts from +0. Whether a part is nil must be a
// property of the shard, never of the node that hosts it; then the bits do not
// depend on the node either.
//
// Each element is one left fold, element e of chunk c being
//
//	p = factor_c·g_c[e]; p = fma(factor_s, g_s[e], p) for s = c+1, ..., c-1 (mod S)
//
// Sum reads parts until it returns and owns dst while it runs; dst must not
// overlap a part, but it may be the part of a node with one: no element of dst
// is written before all nodes have that of the part. After an error dst is
// undefined. It panics if the lengths do not fit.
func (s Step) Sum(ctx context.Context, dst []float32, parts [][]float32, factors []float32) error {
	if err := s.BeginSum(ctx, dst, parts, factors); err != nil {
		return err
	}
	return s.EndSum(ctx)
}

// BeginSum enters a Sum of parts that are not final yet: Final says how far
// they are, and EndSum that they are. It does not wait for other nodes. Until
// EndSum returns, the slices belong to the Sum, but for the elements of the
// parts that are not final.
func (s Step) BeginSum(ctx context.Context, dst []float32, parts [][]float32, factors []float32) error {
	r := s.ring
	r.sum.check(dst, parts, factors)
	if err := r.begin(ctx, s.step, PhaseSum); err != nil {
		return err
	}
	r.sum.begin(dst, parts, factors)
	r.records.begin()
	if !r.sum.spares { // see records: nothing else would hold others back for a spare
		r.records.todo = 0
		return nil
	}
	err := r.sendRecord(ctx, nil)
	if err != nil {
		r.sum.end()
	}
	return r.orEnd(err)
}

// Final tells a Sum that the elements of all parts from index from on are final,
// and does what can be done now: nothing in it waits for frames of other nodes.
func (s Step) Final(ctx context.Context, from int) error {
	r := s.ring
	r.needPhase(PhaseSum)
	r.sum.final = min(r.sum.final, from)
	return r.advanceSum(ctx)
}

// EndSum says that all parts are final, waits for the rest of the Sum and leaves
// it.
func (s Step) EndSum(ctx context.Context) error {
	r := s.ring
	r.needPhase(PhaseSum)
	defer r.end()
	defer r.sum.end()
	r.sum.final = 0
	for {
		if err := r.advanceSum(ctx); err != nil {
			return err
		}
		if r.summed() {
			return r.settle(ctx)
		}
		f, err := r.wait(ctx, r.edge)
		if err == nil {
			err = r.takeSum(ctx, f)
		}
		if err != nil {
			return err
		}
	}
}

// summed reports whether nothing of the Sum is left to do here.
func (r *Ring) summed() bool {
	return r.sum.todo == 0 && !r.sum.starting() && r.records.todo == 0
}

// advanceSum handles what has arrived, and starts segments of its own while
// nothing has. Nothing in it depends on time: which of the two comes first
// changes no bit. A partial sum of elements that are not final here is held, and
// all that came behind it waits in the inbox.
func (r *Ring) advanceSum(ctx context.Context) error {
	m := &r.sum
	for !r.summed() {
		f, err := m.held, error(nil)
		if f == nil {
			f, err = r.poll(ctx, r.edge)
		}
		if err != nil {
			return err
		}
		switch {
		case f != nil && m.premature(&f.head) && !r.startable():
			m.held = f
			return nil
		case f != nil && m.premature(&f.head):
			m.held = f
			err = r.startSegment(ctx)
		case f != nil:
			m.held = nil
			err = r.takeSum(ctx, f)
		case r.startable():
			err = r.startSegment(ctx)
		default:
			return nil
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// startable reports whether the next segment to start here is final, and wanted
// now.
func (r *Ring) startable() bool {
	m := &r.sum
	if !m.starting() || m.flying >= window*r.sizes.Segment || m.alone && r.records.todo > 0 {
		return false
	}
	lo, _ := m.nextSegment(r.sizes.Segment)
	return lo >= m.final
}

// startSegment folds the next segment whose chunk starts at a shard of this
// node over the shards here, and sends it on its way.
func (r *Ring) startSegment(ctx context.Context) error {
	m := &r.sum
	c := m.next.chunk
	h := r.current
	h.Bucket, h.Chunk, h.Offset, h.Total = uint32(m.next.bucket), uint16(c), uint64(m.next.offset), uint64(m.n)
	lo, n := m.nextSegment(r.sizes.Segment)
	m.next.offset += n
	m.seek()

	if !m.routes[c].alone {
		m.flying += n
		f := r.rawSegment(h, lo, n, c)
		if f == nil {
			f = r.frame(h, 4*n)
			f.head.Leg = Partial
			m.fold(f.floats(), lo, c, m.hi, true)
		}
		return r.send(ctx, f)
	}
	x := m.dst[lo : lo+n]
	m.fold(x, lo, c, m.hi, true)
	m.fold(x, lo, m.lo, c, false)
	if r.t.Nodes() == 1 {
		return nil
	}
	return r.send(ctx, r.finished(h, x, nil))
}

// takeSum does this node's part for a frame: fold, keep, pass on.
func (r *Ring) takeSum(ctx context.Context, f *Frame) error {
	if f.head.Leg == Record {
		return r.takeRecord(ctx, f)
	}
	m := &r.sum
	x, lo, err := m.admit(&f.head)
	if err != nil {
		f.Release()
		return r.failPrev(err)
	}
	rt := &m.routes[f.head.Chunk]
	if rt.head { // back from its way round, on the one leg that leads here
		m.flying -= len(x)
	}
	switch {
	case f.head.Leg == Finished:
		for at := 0; at < len(x); {
			at += m.keep(x[at:], f.run(at))
		}
	case rt.finishes:
		for at := 0; at < len(x); {
			at += m.finish(x[at:], f.run(at), &f.head, lo+at, rt)
		}
	case rt.lo == rt.hi: // a spare
		return r.pass(ctx, f)
	default:
		return r.send(ctx, r.folded(f, lo, rt))
	}
	if !rt.finishes && !rt.forward {
		f.Release()
		return nil
	}
	return r.send(ctx, r.finished(f.head, x, f))
}

// folded folds this node's shards into a partial sum that has arrived, and
// returns the frame with the result: f itself, unless that is fixed.
func (r *Ring) folded(f *Frame, lo int, rt *route) *Frame {
	m := &r.sum
	g := f
	if f.fixed {
		g = r.frame(f.head, f.length())
	}
	x := g.floats()
	for at := 0; at < len(x); {
		at += m.foldTo(x[at:], f.run(at), &f.head, lo+at, rt)
	}
	g.head.Leg, g.head.Factor = Partial, 0
	if g != f {
		f.Release()
	}
	return g
}
