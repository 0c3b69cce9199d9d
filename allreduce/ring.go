package allreduce

import (
	"context"
	"errors"
	"sync"
)

// Ring is one node's place in a formed ring. Its collectives are methods of
// the Step that At returns. All nodes call the same collectives in the same
// order; on one node they are called one at a time (two at once panic).
//
// A ring is mortal: the first error ends it, its neighbours are told, and
// every later call returns that same error. There is no repair, only a new
// ring.
type Ring struct {
	t     Topology
	sizes Sizes
	ident Header // run, generation and roster of every frame
	link  Link   // nil on a ring of one node
	lend  Lender // where frames to send come from: link, or pool
	share Sharer // nil: no memory is shared
	pool  Pool
	inbox *inbox

	dead chan struct{}  // closed with mu.err set
	left chan struct{}  // closed with leftErr set: the previous node is done
	wg   sync.WaitGroup // the receiver

	leftErr error
	mu      struct {
		sync.Mutex
		err   error
		busy  bool
		step  uint64
		phase Phase
		seq   int // collectives begun in step
	}

	current Header // of the collective under way
	sum     summing
	records records
	gather  gathered
}

// Step is the collectives of one training step. It is a small value; making
// one costs nothing.
type Step struct {
	ring *Ring
	step uint64
}

// Form makes this node's ring: it opens the link and starts the receiver. A
// ring of one node needs no transport, and tr may be nil. Form returns when
// both neighbours have shown the same run, generation, roster and shard map;
// since that holds along the whole ring, all nodes agree. Errors are
// *PeerError with Phase "Form", ErrShape, or context.Cause(ctx).
func Form(ctx context.Context, tr Transport, t Topology) (*Ring, error) {
	if err := t.Validate(); err != nil {
		return nil, err
	}
	t.Sizes = t.Sizes.withDefaults(t.Nodes())
	r := &Ring{
		t: t, sizes: t.Sizes, ident: t.ident(),
		inbox: newInbox(t.Sizes.Park),
		dead:  make(chan struct{}),
		left:  make(chan struct{}),
	}
	r.sum.init(t)
	r.records.init(t)
	if t.Nodes() == 1 {
		return r, nil
	}
	link, err := tr.Open(ctx, t)
	if err != nil {
		return nil, located(err, 0, "Form")
	}
	r.link, r.lend = link, lenderOf(link, &r.pool)
	r.share, _ = link.(Sharer)
	r.wg.Go(r.receive)
	return r, nil
}

// ident returns what all frames of t's ring carry.
func (t Topology) ident() Header {
	return Header{Run: hashRun(t.Run), Generation: t.Generation, Roster: t.Roster}
}

// At returns the collectives of a step. Frames carry the step, so neighbours
// that are in different ones notice.
func (r *Ring) At(step uint64) Step { return Step{ring: r, step: step} }

// Ways says how frames travel to the next node and from the previous one:
// "shm", "tcp", "grpc", or "memory" within one process; "" on a ring of one
// node.
func (r *Ring) Ways() (to, from string) {
	switch l := r.link.(type) {
	case nil:
		return "", ""
	case interface{ Ways() (to, from string) }:
		return l.Ways()
	}
	return "memory", "memory"
}

// Close ends the ring and waits for its goroutines. What this node has sent
// reaches the next one first, and neighbours that are still finishing the same
// last collective finish it undisturbed. A collective under way returns
// ErrClosed. Closing again does nothing.
func (r *Ring) Close() error {
	r.mu.Lock()
	first := r.mu.err == nil
	if first {
		r.mu.err = ErrClosed
		close(r.dead)
	}
	r.mu.Unlock()
	if r.link == nil {
		return nil
	}
	err := r.link.Close()
	r.wg.Wait()
	for f := r.inbox.pop(); f != nil; f = r.inbox.pop() {
		f.Release()
	}
	if !first {
		return nil // the error was returned where it happened
	}
	return err
}

// receive reads frames until the link ends. It never waits for a collective.
func (r *Ring) receive() {
	for {
		f, err := r.link.Recv()
		if errors.Is(err, ErrLeft) {
			r.leftErr = err
			close(r.left)
			return
		}
		if err == nil {
			err = r.accept(f)
		}
		if err != nil {
			r.fail(err)
			return
		}
	}
}

// accept checks a frame's identity and parks it for the collective it is for.
func (r *Ring) accept(f *Frame) error {
	h, err := f.Header()
	if err == nil {
		err = h.matches(&r.ident)
	}
	if err == nil && r.isDead() {
		f.Release() // draining, so that the sender can finish
		return nil
	}
	if err == nil {
		f.head = h
		err = r.inbox.push(f)
	}
	if err != nil {
		f.Release()
		return r.t.peerError(r.t.Prev(), err)
	}
	return nil
}
