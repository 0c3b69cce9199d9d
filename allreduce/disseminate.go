package allreduce

import (
	"context"
	"encoding/binary"
	"fmt"
)

// dissemination is the state of an all-gather over the chords (Bruck, Ho,
// Kipnis, Upfal and Weathersby, IEEE TPDS 8(11), 1997): in round k a node sends
// what it knows to the node 2^k further on, so that what each knows doubles, and
// after ⌈log2 N⌉ rounds all know all. In the last round it leaves out what the
// other knows already.
//
// What is known is this node's record and those of the nodes behind it, in that
// order; so what a round brings is appended, and what it sends is a beginning.
type dissemination struct {
	known []byte // for each node the length of its record, and the record
	ends  []int  // of the records in known
	round int
	start int    // of what this round brings, in known
	total uint64 // declared length of that
}

// begin forgets all but this node's own record.
func (d *dissemination) begin(own []byte) {
	d.known, d.ends = d.known[:0], d.ends[:0]
	d.known = binary.AppendUvarint(d.known, uint64(len(own)))
	d.known = append(d.known, own...)
	d.ends = append(d.ends, len(d.known))
	d.round, d.start = 0, len(d.known)
}

// due returns how many records a round brings, and sends, on a ring of n nodes.
func (d *dissemination) due(n int) int { return min(1<<d.round, n-1<<d.round) }

// sendBundle sends what this round is to send.
func (r *Ring) sendBundle(ctx context.Context) error {
	d := &r.bundles
	e := r.edges[d.round]
	bundle := d.known[:d.ends[d.due(r.t.Nodes())-1]]
	h := r.current
	h.Leg, h.Chunk, h.Total = Bundle, uint16(r.t.Rank), uint64(len(bundle))
	for len(bundle) > 0 {
		f := e.frame(h, min(len(bundle), 4*r.sizes.Segment))
		n := copy(f.body, bundle)
		if err := r.sendOver(ctx, e, f); err != nil {
			return err
		}
		bundle = bundle[n:]
		h.Offset += uint64(n)
	}
	return nil
}

// takeBundle keeps what arrived. If that completes the round, it begins the
// next.
func (r *Ring) takeBundle(ctx context.Context, f *Frame) error {
	d := &r.bundles
	prev := r.edges[d.round].prev
	err := d.keep(f, prev)
	f.Release()
	if err == nil && uint64(len(d.known)-d.start) < d.total {
		return nil
	}
	due := d.due(r.t.Nodes())
	if err == nil {
		err = d.split(due)
	}
	if err != nil {
		return r.blame(prev, err)
	}
	r.records.todo -= due
	d.round++
	if r.records.todo > 0 {
		return r.sendBundle(ctx)
	}
	for i := 1; i < len(d.ends); i++ {
		rank := (r.t.Rank + r.t.Nodes() - i) % r.t.Nodes()
		r.records.data[rank] = append(r.records.data[rank], d.record(i)...)
	}
	return nil
}

// keep checks that a frame continues the bundle of the round, and appends it.
// Memory grows by what has come, never by what was announced.
func (d *dissemination) keep(f *Frame, prev int) error {
	h := &f.head
	if h.Leg != Bundle || int(h.Chunk) != prev {
		return fmt.Errorf("%w: leg %d of node %d is not expected", ErrFrame, h.Leg, h.Chunk)
	}
	got := uint64(len(d.known) - d.start)
	if got == 0 {
		d.total = h.Total
	}
	if h.Offset != got || h.Total != d.total {
		return fmt.Errorf("%w: round %d: offset %d of %d, want %d of %d", ErrFrame, d.round, h.Offset, h.Total, got, d.total)
	}
	d.known = append(d.known, f.Payload()...)
	return nil
}

// split finds the records in what the round has brought, which must be so many.
func (d *dissemination) split(due int) error {
	at := d.start
	for range due {
		length, n := binary.Uvarint(d.known[at:])
		if n <= 0 || length > uint64(len(d.known)-at-n) {
			return fmt.Errorf("%w: round %d: a record of %d bytes, %d are left", ErrFrame, d.round, length, len(d.known)-at)
		}
		at += n + int(length)
		d.ends = append(d.ends, at)
	}
	if at != len(d.known) {
		return fmt.Errorf("%w: round %d: %d bytes left over", ErrFrame, d.round, len(d.known)-at)
	}
	d.start = at
	return nil
}

// record returns the record of the node i places behind.
func (d *dissemination) record(i int) []byte {
	b := d.known[d.ends[i-1]:d.ends[i]]
	_, n := binary.Uvarint(b)
	return b[n:]
}
