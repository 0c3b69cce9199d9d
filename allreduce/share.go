package allreduce

import (
	"context"
	"fmt"
	"unsafe"
)

// Share copies the vectors of the node of rank root into those of all others,
// bit for bit. It is a Broadcast for what is large and whose size everybody
// knows: no node takes memory for it but a few MiB. The vectors have the same
// lengths on all nodes; where one differs, the ring ends.
//
// The root only reads its vectors. After an error those of the others are
// undefined. It panics if there is no such rank.
func (s Step) Share(ctx context.Context, root int, vectors ...[]float32) error {
	r := s.ring
	if root < 0 || root >= r.t.Nodes() {
		panic(fmt.Sprintf("allreduce: Share from rank %d of %d nodes", root, r.t.Nodes()))
	}
	if err := r.begin(ctx, s.step, PhaseBroadcast); err != nil {
		return err
	}
	defer r.end()
	for _, v := range vectors {
		var err error
		if root == r.t.Rank {
			err = r.spread(ctx, bytesOf(v))
		} else {
			err = r.fill(ctx, root, bytesOf(v))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// fill is collect into memory that is there.
func (r *Ring) fill(ctx context.Context, root int, p []byte) error {
	left, err := r.announced(ctx, root)
	if err != nil {
		return err
	}
	if left != uint64(len(p)) {
		return r.failPrev(fmt.Errorf("%w: %s shares %d bytes, this node expects %d", ErrFrame, r.t.Names[root], left, len(p)))
	}
	for len(p) > 0 {
		b, err := r.receiveRound(ctx, root, uint64(len(p)))
		if err != nil {
			return err
		}
		p = p[copy(p, b):]
	}
	return nil
}

// bytesOf returns the memory of x, in this machine's byte order. The header
// refuses frames of the other order.
func bytesOf(x []float32) []byte {
	if len(x) == 0 {
		return nil
	}
	return unsafe.Slice((*byte)(unsafe.Pointer(&x[0])), 4*len(x))
}
