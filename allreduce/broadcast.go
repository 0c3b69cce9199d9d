package allreduce

import (
	"context"
	"fmt"
)

// Broadcast sends p from the node of rank root to all others and returns it
// there, in memory that is the caller's from then on. On the root it returns p
// itself; elsewhere p is ignored. It panics if there is no such rank.
func (s Step) Broadcast(ctx context.Context, root int, p []byte) ([]byte, error) {
	r := s.ring
	if root < 0 || root >= r.t.Nodes() {
		panic(fmt.Sprintf("allreduce: Broadcast from rank %d of %d nodes", root, r.t.Nodes()))
	}
	if err := r.begin(ctx, s.step, PhaseBroadcast); err != nil {
		return nil, err
	}
	defer r.end()
	g := &r.records
	g.begin()
	spare := g.data[root]
	defer func() { g.data[root] = spare }() // p may be large: do not keep it
	g.data[root] = nil
	if root == r.t.Rank {
		g.data[root] = p
	}
	if err := r.exchange(ctx); err != nil {
		return nil, err
	}
	return g.data[root], nil
}
