package allreduce

import (
	"context"
	"slices"
)

// circle is one circle of nodes on which a Sum goes round: the ring, or, where
// nodes share groups of shards, the nodes of a group and, above it, one of each
// group. What the circle below has summed here is this node's part in the one
// above, whose sums go round below once more.
type circle struct {
	summing
	*edge
	ring         *Ring
	nodes        int
	share        Sharer // nil: no memory is shared
	above, below *circle

	early []*Frame // partial sums that have come before the part from below
}

// circles returns those of r, from the first level up.
func (r *Ring) circles() []*circle {
	t := r.t
	if !t.split() {
		k := &circle{edge: r.edge, ring: r, nodes: t.Nodes()}
		k.init(t)
		return []*circle{k}
	}
	group := &circle{edge: r.edgeOf(InGroup), ring: r}
	group.initGroup(t)
	group.nodes = t.inGroup().Nodes()
	if r.hosted(t.Rank) == 0 {
		return []*circle{group}
	}
	across := &circle{edge: r.edgeOf(AcrossGroups), ring: r, nodes: t.Groups, below: group}
	across.initAcross(t, group.routes)
	group.above = across
	return []*circle{group, across}
}

// edgeOf returns the edge of a level above the ring.
func (r *Ring) edgeOf(l Level) *edge {
	return r.edges[slices.IndexFunc(r.edges, func(e *edge) bool { return e.is.Level == l })]
}

// beginAbove sets up the second level of a Sum to dst.
func (k *circle) beginAbove(dst []float32) {
	k.own.parts[0], k.own.factors[0] = dst, 1
	k.begin(dst, k.own.parts[:], k.own.factors[:])
	k.final, k.streams = 0, false // the level below says what is final, and reads what has come
}

// end drops the caller's memory, and frames that came too early.
func (k *circle) end() {
	k.summing.end()
	for _, f := range k.early {
		f.Release()
	}
	clear(k.early)
	k.early = k.early[:0]
}

// turn does one thing of the Sum, if there is one that needs no waiting. A
// partial sum of elements that are not final here is held, and all that came
// behind it waits in the inbox.
func (k *circle) turn(ctx context.Context) (did bool, err error) {
	if k.todo == 0 && !k.starting() && (k.edge != k.ring.edge || k.ring.records.todo == 0) {
		return false, nil // what is in the inbox is of a later collective
	}
	f := k.held
	if f == nil {
		if f, err = k.ring.poll(ctx, k.edge); err != nil {
			return false, err
		}
	}
	switch {
	case f != nil && k.premature(&f.head):
		if k.held = f; !k.startable() {
			return false, nil
		}
	case f != nil:
		k.held = nil
		return true, k.take(ctx, f)
	case !k.startable():
		return false, nil
	}
	return true, k.start(ctx)
}

// startable reports whether the next segment to start here is final, and wanted
// now.
func (k *circle) startable() bool {
	if !k.starting() || k.flying >= window*k.ring.sizes.Segment || k.alone && k.ring.records.todo > 0 {
		return false
	}
	lo, _ := k.nextSegment(k.ring.sizes.Segment)
	return lo >= k.readyFrom(k.next.bucket)
}

// readyFrom returns where the elements of a bucket begin whose parts are final
// here.
func (k *circle) readyFrom(bucket int) int {
	if k.below == nil {
		return k.final
	}
	_, hi := k.bounds(bucket)
	return hi - k.below.partials[bucket]
}

// start folds the next segment whose chunk starts at a shard of this node over
// the shards here, and sends it on its way.
func (k *circle) start(ctx context.Context) error {
	c := k.next.chunk
	h := k.ring.current
	h.Bucket, h.Chunk, h.Offset, h.Total = uint32(k.next.bucket), uint16(c), uint64(k.next.offset), uint64(k.n)
	lo, n := k.nextSegment(k.ring.sizes.Segment)
	k.next.offset += n
	k.seek()

	cell := k.cell(&h)
	if !k.routes[c].alone {
		k.flying += n
		f := k.rawSegment(h, lo, n, c)
		if f == nil {
			f = k.frame(h, 4*n)
			f.head.Leg = Partial
			k.fold(f.floats(), lo, cell, c, k.hi, true)
		}
		return k.send(ctx, f)
	}
	x := k.dst[lo : lo+n]
	k.fold(x, lo, cell, c, k.hi, true)
	k.fold(x, lo, cell, k.lo, c, false)
	if k.nodes == 1 {
		return nil
	}
	return k.send(ctx, k.finished(h, x, nil))
}

// take does this node's part for a frame: fold, keep, pass on.
func (k *circle) take(ctx context.Context, f *Frame) error {
	if f.head.Leg == Record && k.edge == k.ring.edge {
		return k.ring.takeRecord(ctx, f)
	}
	if k.below != nil && k.tooEarly(&f.head) {
		k.early = append(k.early, f)
		return nil
	}
	x, lo, err := k.admit(&f.head)
	if err != nil {
		f.Release()
		return k.ring.blame(k.prev, err)
	}
	rt := k.route(&f.head)
	if rt.head { // back from its way round, on the one leg that leads here
		k.flying -= len(x)
	}
	switch {
	case f.head.Leg == Finished:
		for at := 0; at < len(x); {
			at += k.keep(x[at:], f.run(at))
		}
	case rt.finishes:
		for at := 0; at < len(x); {
			at += k.finish(x[at:], f.run(at), &f.head, lo+at, rt)
		}
	case rt.lo == rt.hi: // a spare
		return k.ring.pass(ctx, k.edge, f)
	default:
		return k.send(ctx, k.folded(f, lo, rt))
	}
	return k.complete(ctx, f, x, rt)
}

// complete goes on with a segment that is summed, at x in dst: the frame f has
// brought it, or the last that was missing.
func (k *circle) complete(ctx context.Context, f *Frame, x []float32, rt *route) error {
	if rt.finishes && k.above != nil {
		f.Release()
		return k.above.ripen(ctx)
	}
	if k.below != nil {
		if err := k.below.send(ctx, k.below.finished(f.head, x, nil)); err != nil {
			f.Release()
			return err
		}
	}
	if !rt.finishes && !rt.forward {
		f.Release()
		return nil
	}
	return k.send(ctx, k.finished(f.head, x, f))
}

// tooEarly reports whether a partial sum has come before this node's part in it
// has come from below.
func (k *circle) tooEarly(h *Header) bool {
	lo, ok := k.reach(h)
	return ok && lo < k.readyFrom(int(h.Bucket))
}

// ripen goes on with the partial sums for which the level below has now brought
// this node's part. What still has to wait holds up nothing that came behind it:
// so no order of arrivals has the levels wait for each other.
func (k *circle) ripen(ctx context.Context) error {
	for i := 0; i < len(k.early); {
		f := k.early[i]
		if k.tooEarly(&f.head) {
			i++
			continue
		}
		k.early = slices.Delete(k.early, i, i+1)
		if err := k.take(ctx, f); err != nil {
			return err
		}
	}
	return nil
}

// folded folds this node's shards into a partial sum that has arrived, and
// returns the frame with the result: f itself, unless that is fixed.
func (k *circle) folded(f *Frame, lo int, rt *route) *Frame {
	g := f
	if f.fixed {
		g = k.frame(f.head, f.length())
	}
	x := g.floats()
	for at := 0; at < len(x); {
		at += k.foldTo(x[at:], f.run(at), &f.head, lo+at, rt)
	}
	g.head.Leg, g.head.Factor = Partial, 0
	if g != f {
		f.Release()
	}
	return g
}

// send writes the header and passes the frame to the next node of the circle.
func (k *circle) send(ctx context.Context, f *Frame) error { return k.ring.sendOver(ctx, k.edge, f) }
