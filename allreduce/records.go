package allreduce

import (
	"context"
	"fmt"
)

// records is the state of an all-gather: every node's bytes travel N-1 hops to
// all others. It carries LogSumExp, Gather, Broadcast and Share, but for the
// first two where the ring has chords (see dissemination).
//
// A node that has nothing to say sends an empty record. So no node leaves a
// collective before all have entered it, and a neighbour is never ahead by
// more than one; Sum gets the same from it where spares, or a node that hosts
// all shards, would not hold the others back.
type records struct {
	rank  int
	data  [][]byte // by rank; reused from call to call
	total []uint64 // declared lengths, by rank
	done  []bool
	todo  int // records still to come

	direct bool // they come by dissemination
}

func (g *records) init(t Topology) {
	g.rank = t.Rank
	g.data = make([][]byte, t.Nodes())
	g.total = make([]uint64, t.Nodes())
	g.done = make([]bool, t.Nodes())
}

// begin expects a record of every other node.
func (g *records) begin() {
	for i := range g.data {
		g.data[i] = g.data[i][:0]
	}
	clear(g.done)
	g.todo, g.direct = len(g.data)-1, false
}

// exchange sends this node's record, which it only reads, and waits for all
// others.
func (r *Ring) exchange(ctx context.Context, own []byte) error {
	if err := r.sendRecord(ctx, own); err != nil {
		return err
	}
	return r.collect(ctx)
}

// collect waits for the records that are still to come.
func (r *Ring) collect(ctx context.Context) error {
	for r.records.todo > 0 {
		f, err := r.wait(ctx, r.source())
		if err == nil {
			err = r.take(ctx, f)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// Poll goes on with the LogSumExp or Gather under way as far as that is possible
// without waiting, and reports whether its End would not wait either.
func (s Step) Poll(ctx context.Context) (complete bool, err error) {
	r := s.ring
	for r.records.todo > 0 {
		f, err := r.poll(ctx, r.source())
		if err == nil && f != nil {
			err = r.take(ctx, f)
		}
		if err != nil || f == nil {
			return false, err
		}
	}
	return true, nil
}

// setOut sends this node's record of a LogSumExp or Gather on its way.
func (r *Ring) setOut(ctx context.Context) error {
	own := r.records.data[r.t.Rank]
	if !r.chords {
		return r.sendRecord(ctx, own)
	}
	r.records.direct = true
	r.bundles.begin(own)
	return r.sendBundle(ctx)
}

// source returns the edge from which the next record is to come.
func (r *Ring) source() *edge {
	if r.records.direct {
		return r.edges[r.bundles.round]
	}
	return r.edge
}

// take does this node's part for a frame.
func (r *Ring) take(ctx context.Context, f *Frame) error {
	if r.records.direct {
		return r.takeBundle(ctx, f)
	}
	return r.takeRecord(ctx, f)
}

// sendRecord sends this node's record, in one frame even if it is empty.
func (r *Ring) sendRecord(ctx context.Context, own []byte) error {
	if r.t.Nodes() == 1 {
		return nil
	}
	h := r.current
	h.Leg, h.Chunk, h.Total = Record, uint16(r.t.Rank), uint64(len(own))
	for {
		n := min(len(own), 4*r.sizes.Segment)
		f := r.frame(h, n)
		copy(f.body, own)
		if err := r.send(ctx, f); err != nil {
			return err
		}
		own = own[n:]
		h.Offset += uint64(n)
		if len(own) == 0 {
			return nil
		}
	}
}

// takeRecord keeps what arrived and passes it on.
func (r *Ring) takeRecord(ctx context.Context, f *Frame) error {
	if err := r.records.keep(f); err != nil {
		f.Release()
		return r.failPrev(err)
	}
	if int(f.head.Chunk) != r.t.Next() { // it has its own bytes already
		return r.pass(ctx, r.edge, f)
	}
	f.Release()
	return nil
}

// keep checks that a frame continues its record and appends it. Memory grows
// by what has come, never by what was announced.
func (g *records) keep(f *Frame) error {
	h, from := &f.head, int(f.head.Chunk)
	if h.Leg != Record || from >= len(g.data) || from == g.rank || g.todo == 0 || g.done[from] {
		return fmt.Errorf("%w: record of node %d is not expected", ErrFrame, from)
	}
	if h.Offset == 0 {
		g.total[from] = h.Total
	}
	if h.Offset != uint64(len(g.data[from])) || h.Total != g.total[from] {
		return fmt.Errorf("%w: record of node %d: offset %d of %d, want %d of %d",
			ErrFrame, from, h.Offset, h.Total, len(g.data[from]), g.total[from])
	}
	g.data[from] = append(g.data[from], f.Payload()...)
	if uint64(len(g.data[from])) == h.Total {
		g.done[from] = true
		g.todo--
	}
	return nil
}
