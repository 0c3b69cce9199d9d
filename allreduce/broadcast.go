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
	return r.collect(ctx, root)
}

// spread is the root's side of Broadcast. The first round starts with the
// length of p.
func (r *Ring) spread(ctx context.Context, p []byte) error {
	g := &r.records
	length := binary.NativeEndian.AppendUint64(nil, uint64(len(p)))
	for {
		n := min(len(p), window*4*r.sizes.Segment)
		g.begin()
		g.data[g.rank] = append(append(g.data[g.rank], length...), p[:n]...)
		if err := r.exchange(ctx); err != nil {
			return err
		}
		p, length = p[n:], nil
		if len(p) == 0 {
			return nil
		}
	}
}

// collect is the other nodes' side.
func (r *Ring) collect(ctx context.Context, root int) ([]byte, error) {
	g := &r.records
	var p []byte
	var left uint64
	for first := true; first || left > 0; first = false {
		g.begin()
		if err := r.exchange(ctx); err != nil {
			return nil, err
		}
		b := g.data[root]
		if first && len(b) >= 8 {
			left, b = binary.NativeEndian.Uint64(b), b[8:]
		}
		if uint64(len(b)) > left || len(b) == 0 && left > 0 {
			return nil, r.failPrev(fmt.Errorf("%w: %d bytes from %s, which announced %d more",
				ErrFrame, len(b), r.t.Names[root], left))
		}
		p = append(p, b...)
		left -= uint64(len(b))
	}
	return p, nil
}
