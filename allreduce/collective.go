package allreduce

import (
	"context"
	"fmt"
	"math"
)

// begin enters a collective.
func (r *Ring) begin(ctx context.Context, step uint64, phase Phase) error {
	if ctx.Err() != nil {
		r.fail(context.Cause(ctx))
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.mu.err != nil { // a loss noticed between collectives counts to this one
		r.mu.err = located(r.mu.err, step, phase.String())
		return r.mu.err
	}
	if r.mu.busy {
		panic("allreduce: two collectives at once on one ring")
	}
	if step != r.mu.step {
		r.mu.step, r.mu.seq = step, 0
	}
	if r.mu.seq > math.MaxUint16 {
		panic(fmt.Sprintf("allreduce: more than %d collectives in one step", math.MaxUint16+1))
	}
	r.current = r.ident
	r.current.Step, r.current.Phase, r.current.Seq = step, phase, uint16(r.mu.seq)
	r.mu.seq++
	r.mu.busy, r.mu.phase = true, phase
	return nil
}

// end leaves a collective.
func (r *Ring) end() {
	r.mu.Lock()
	r.mu.busy, r.mu.phase = false, 0
	r.mu.Unlock()
}

// orEnd leaves the collective again if its beginning failed.
func (r *Ring) orEnd(err error) error {
	if err != nil {
		r.end()
	}
	return err
}

// needPhase panics unless the given collective is under way.
func (r *Ring) needPhase(phase Phase) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.mu.busy || r.mu.phase != phase {
		panic(fmt.Sprintf("allreduce: going on with a %v that was not begun", phase))
	}
}

// fail ends the ring because of err, if it has not ended yet, and returns why
// it did.
func (r *Ring) fail(err error) error {
	r.mu.Lock()
	first := r.mu.err == nil
	if first {
		r.mu.err = err
		if r.mu.busy {
			r.mu.err = located(err, r.mu.step, r.mu.phase.String())
		}
		close(r.dead)
	}
	err = r.mu.err
	r.mu.Unlock()
	if first {
		for _, e := range r.edges {
			if e.link != nil {
				e.link.Abort(err)
			}
		}
	}
	return err
}

// failPrev ends the ring because of what the previous node sent.
func (r *Ring) failPrev(err error) error { return r.blame(r.t.Prev(), err) }

// blame ends the ring because of what a node did.
func (r *Ring) blame(rank int, err error) error { return r.fail(r.t.peerError(rank, err)) }

func (r *Ring) isDead() bool {
	select {
	case <-r.dead:
		return true
	default:
		return false
	}
}

// located fills in where this node was; links leave that open.
func located(err error, step uint64, phase string) error {
	pe, ok := err.(*PeerError)
	if !ok || pe.Phase != "" {
		return err
	}
	c := *pe // the link may hand the same error to others
	c.Step, c.Phase = step, phase
	return &c
}

// pass sends a frame that has come over e on, as it is.
func (r *Ring) pass(ctx context.Context, e *edge, f *Frame) error {
	if f.fixed {
		g := e.frame(f.head, f.length())
		copy(g.body, f.Payload())
		f.Release()
		f = g
	}
	return r.sendOver(ctx, e, f)
}

// send writes the header and passes the frame to the next node.
func (r *Ring) send(ctx context.Context, f *Frame) error { return r.sendOver(ctx, r.edge, f) }

func (r *Ring) sendOver(ctx context.Context, e *edge, f *Frame) error {
	f.encode()
	if err := e.link.Send(ctx, f); err != nil {
		return r.fail(err)
	}
	return nil
}

// poll returns the next frame of the current collective that has come over e,
// if one is there. It is also where a collective that never waits notices that
// the ring or its context has ended.
func (r *Ring) poll(ctx context.Context, e *edge) (*Frame, error) {
	if r.isDead() {
		return nil, r.fail(nil)
	}
	if ctx.Err() != nil {
		return nil, r.fail(context.Cause(ctx))
	}
	f := e.inbox.pop()
	if f == nil {
		return nil, nil
	}
	return f, r.inOrder(e, f)
}

// wait returns the next frame of the current collective that comes over e.
func (r *Ring) wait(ctx context.Context, e *edge) (*Frame, error) {
	for {
		if f, err := r.poll(ctx, e); f != nil || err != nil {
			return f, err
		}
		select {
		case <-r.bell:
		case <-r.dead:
		case <-ctx.Done():
		case <-e.left:
			// Its last frames may have come after the look above.
			if f, err := r.poll(ctx, e); f != nil || err != nil {
				return f, err
			}
			return nil, r.fail(e.leftErr)
		}
	}
}

// inOrder checks that a frame belongs to the collective under way.
func (r *Ring) inOrder(e *edge, f *Frame) error {
	h, want := &f.head, &r.current
	if h.Step == want.Step && h.Seq == want.Seq && h.Phase == want.Phase {
		return nil
	}
	err := fmt.Errorf("%w: frame of step %d, %v (collective %d), this node is in step %d, %v (collective %d)",
		ErrOrder, h.Step, h.Phase, h.Seq, want.Step, want.Phase, want.Seq)
	f.Release()
	return r.blame(e.prev, err)
}
