package allreduce

import (
	"context"
	"fmt"
)

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
// or, on a ring with Groups, the left fold of the groups' sums, each of which is
// such a fold: see "Two levels" in the package's documentation.
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
	r.checkSum(dst, parts, factors)
	if err := r.begin(ctx, s.step, PhaseSum); err != nil {
		return err
	}
	r.sums[0].begin(dst, parts, factors)
	for _, k := range r.sums[1:] {
		k.beginAbove(dst)
	}
	r.records.begin()
	if !r.spares { // see records: nothing else would hold others back for a spare
		r.records.todo = 0
		return nil
	}
	err := r.sendRecord(ctx, nil)
	if err != nil {
		r.leaveSum()
	}
	return r.orEnd(err)
}

// checkSum panics if the arguments of a Sum do not fit each other or the ring.
func (r *Ring) checkSum(dst []float32, parts [][]float32, factors []float32) {
	if shards := r.hosted(r.t.Rank); len(parts) != shards || len(factors) != shards {
		panic(fmt.Sprintf("allreduce: Sum of %d parts with %d factors on a node of %d shards",
			len(parts), len(factors), shards))
	}
	for i, p := range parts {
		if p != nil && len(p) != len(dst) {
			panic(fmt.Sprintf("allreduce: Sum of %d floats, part %d has %d", len(dst), i, len(p)))
		}
	}
}

// Final tells a Sum that the elements of all parts from index from on are final,
// and does what can be done now: nothing in it waits for frames of other nodes.
func (s Step) Final(ctx context.Context, from int) error {
	r := s.ring
	r.needPhase(PhaseSum)
	first := r.sums[0]
	first.final = min(first.final, from)
	return r.advanceSum(ctx)
}

// EndSum says that all parts are final, waits for the rest of the Sum and leaves
// it.
func (s Step) EndSum(ctx context.Context) error {
	r := s.ring
	r.needPhase(PhaseSum)
	defer r.end()
	defer r.leaveSum()
	r.sums[0].final = 0
	for {
		gone := r.gone()
		if err := r.advanceSum(ctx); err != nil {
			return err
		}
		if r.summed() {
			return r.settle(ctx)
		}
		if gone != nil && r.needs(gone) {
			return r.fail(gone.leftErr)
		}
		select {
		case <-r.bell:
		case <-r.dead:
		case <-ctx.Done():
		}
	}
}

// leaveSum drops what a Sum holds.
func (r *Ring) leaveSum() {
	for _, k := range r.sums {
		k.end()
	}
}

// summed reports whether nothing of the Sum is left to do here.
func (r *Ring) summed() bool {
	for _, k := range r.sums {
		if k.todo > 0 || k.starting() {
			return false
		}
	}
	return r.records.todo == 0
}

// needs reports whether frames of the Sum are to come over e.
func (r *Ring) needs(e *edge) bool {
	for _, k := range r.sums {
		if k.edge == e && k.todo > 0 {
			return true
		}
	}
	return e == r.edge && r.records.todo > 0
}

// gone returns an edge over which frames are to come though its previous node
// has left, or nil. They may be in the inbox.
func (r *Ring) gone() *edge {
	for _, e := range r.edges {
		if r.needs(e) && e.hasLeft() {
			return e
		}
	}
	return nil
}

// advanceSum handles what has arrived, and starts segments of its own while
// nothing has. Nothing in it depends on time: which of the two comes first
// changes no bit. The levels take turns.
func (r *Ring) advanceSum(ctx context.Context) error {
	for moved := true; moved && !r.summed(); {
		moved = false
		for _, k := range r.sums {
			did, err := k.turn(ctx)
			if err != nil {
				return err
			}
			moved = moved || did
		}
		did, err := r.turnRecords(ctx)
		if err != nil {
			return err
		}
		moved = moved || did
	}
	return nil
}

// turnRecords is the turn of the ring's edge where no level uses it: records of
// spares alone come over it.
func (r *Ring) turnRecords(ctx context.Context) (did bool, err error) {
	if r.records.todo == 0 || r.sums[0].edge == r.edge {
		return false, nil
	}
	f, err := r.poll(ctx, r.edge)
	if f == nil || err != nil {
		return false, err
	}
	return true, r.takeRecord(ctx, f)
}
