package allreduce

import "context"

// Alloc returns n floats, all 0, for vectors to be summed: a part or dst in it
// reaches a next node that shares memory with this one without being copied.
// The slice can be used for ever. After a Sum has failed, neighbours may still
// read it: its content must stay until the ring is closed, or their sums, which
// may yet succeed, come out wrong.
func (r *Ring) Alloc(n int) []float32 {
	if share := r.sums[0].share; share != nil {
		if p := share.Alloc(n); p != nil {
			return p
		}
	}
	return make([]float32, n)
}

// refer returns a frame with the header h whose payload is p itself, or nil.
func (k *circle) refer(h Header, p []float32) *Frame {
	if k.share == nil {
		return nil
	}
	f := k.share.Refer(p)
	if f != nil {
		h.Length = uint32(4 * len(p))
		f.head = h
	}
	return f
}

// rawSegment returns a frame of the gradient itself where the fold of chunk c
// starts, for the next node to multiply: one pass less over the memory. That
// works for the last of a node's shards only, and not for the sum of a group;
// else, or if the memory is not shared, it returns nil.
func (k *circle) rawSegment(h Header, lo, n, c int) *Frame {
	if k.width > 1 || c != k.hi-1 || k.parts[c-k.lo] == nil {
		return nil
	}
	h.Leg, h.Factor = Raw, k.factors[c-k.lo]
	return k.refer(h, k.parts[c-k.lo][lo:lo+n])
}

// finished returns a frame of x, a finished segment of dst: x itself, or else a
// copy. f, if it is not nil, is the frame that brought it here, of which
// finished makes what it can.
func (k *circle) finished(h Header, x []float32, f *Frame) *Frame {
	had := h.Leg
	h.Leg, h.Factor = Finished, 0
	g := k.refer(h, x)
	switch {
	case g != nil:
	case f != nil && !f.fixed:
		if had != Finished {
			copy(f.floats(), x)
		}
		f.head = h
		return f
	default:
		g = k.frame(h, 4*len(x))
		copy(g.floats(), x)
	}
	if f != nil {
		f.Release()
	}
	return g
}

// settle waits until no other node reads this one's memory any more, so that
// it may change.
func (r *Ring) settle(ctx context.Context) error {
	share := r.sums[0].share
	if share == nil {
		return nil
	}
	if err := share.Settle(ctx); err != nil {
		return r.fail(err)
	}
	return nil
}
