package allreduce

import (
	"context"
	"encoding/binary"
	"fmt"
)

// Broadcast sends p from the node of rank root to all others and returns it
// there, in memory that is the caller's. On the root it returns p itself;
// elsewhere p is ignored. It panics if there is no such rank.
//
// p may be as large as it likes: it goes in rounds of a few MiB, and a round
// begins when every node has entered the one before, so nobody is swamped.
func (s Step) Broadcast(ctx context.Context, root int, p []byte) ([]byte, error) {
	r := s.ring
	if root < 0 || root >= r.t.Nodes() {
		panic(fmt.Sprintf("allreduce: Broadcast from rank %d of %d nodes", root, r.t.Nodes()))
	}
	if err := r.begin(ctx, s.step, PhaseBroadcast); err != nil {
		return nil, err
	}
	defer r.end()
	if root == r.t.Rank {
		return p, r.spread(ctx, p)
	}
	return r.gatherFrom(ctx, root)
}

// spread is the root's side of Broadcast. The first round is the length of p.
func (r *Ring) spread(ctx context.Context, p []byte) error {
	g := &r.records
	g.begin()
	if err := r.exchange(ctx, binary.NativeEndian.AppendUint64(nil, uint64(len(p)))); err != nil {
		return err
	}
	for len(p) > 0 {
		n := min(len(p), r.round())
		g.begin()
		if err := r.exchange(ctx, p[:n]); err != nil {
			return err
		}
		p = p[n:]
	}
	return nil
}

// round is how many bytes of a Broadcast go at once.
func (r *Ring) round() int { return window * 4 * r.sizes.Segment }

// gatherFrom is the other nodes' side. Memory grows by what has come, never by
// what was announced.
func (r *Ring) gatherFrom(ctx context.Context, root int) ([]byte, error) {
	left, err := r.announced(ctx, root)
	if err != nil {
		return nil, err
	}
	var p []byte
	for left > 0 {
		b, err := r.receiveRound(ctx, root, left)
		if err != nil {
			return nil, err
		}
		p = append(p, b...)
		left -= uint64(len(b))
	}
	return p, nil
}

// announced returns how many bytes the root is about to send.
func (r *Ring) announced(ctx context.Context, root int) (uint64, error) {
	r.records.begin()
	if err := r.exchange(ctx, nil); err != nil {
		return 0, err
	}
	b := r.records.data[root]
	if len(b) != 8 {
		return 0, r.failPrev(fmt.Errorf("%w: %d bytes from %s, expected the 8 of a length", ErrFrame, len(b), r.t.Names[root]))
	}
	return binary.NativeEndian.Uint64(b), nil
}

// receiveRound returns the next bytes of the root, some and at most left. They are
// the ring's memory.
func (r *Ring) receiveRound(ctx context.Context, root int, left uint64) ([]byte, error) {
	r.records.begin()
	if err := r.exchange(ctx, nil); err != nil {
		return nil, err
	}
	b := r.records.data[root]
	if uint64(len(b)) > left || len(b) == 0 {
		return nil, r.failPrev(fmt.Errorf("%w: %d bytes from %s, which announced %d more",
			ErrFrame, len(b), r.t.Names[root], left))
	}
	return b, nil
}
