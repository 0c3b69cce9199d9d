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
	ident Header  // run, generation and roster of every frame
	*edge         // to the next node and from the previous one; without a link on a ring of one node
	edges []*edge // that one, the chords, and those of two levels

	bell chan struct{}  // holds a token if anything came since the last look
	dead chan struct{}  // closed with mu.err set
	wg   sync.WaitGroup // the receivers

	mu struct {
		sync.Mutex
		err   error
		busy  bool
		step  uint64
		phase Phase
		seq   int // collectives begun in step
	}

	current Header    // of the collective under way
	sums    []*circle // on which a Sum goes round, from the first level up
	spares  bool      // the ring has nodes without shards
	chords  bool      // the ring has chords
	records records
	bundles dissemination
	gather  gathered
}

// Step is the collectives of one training step. It is a small value; making
// one costs nothing.
type Step struct {
	ring *Ring
	step uint64
}

// Form makes this node's ring: it opens the links and starts the receivers. A
// ring of one node needs no transport, and tr may be nil. Form returns when
// both neighbours, on every edge, have shown the same run, generation, roster
// and shard map; since that holds along the whole ring, all nodes agree. Errors
// are *PeerError with Phase "Form", ErrShape, or context.Cause(ctx).
func Form(ctx context.Context, tr Transport, t Topology) (*Ring, error) {
	if err := t.Validate(); err != nil {
		return nil, err
	}
	t.Sizes = t.Sizes.withDefaults(t.Nodes())
	t.Level, t.Stride = WholeRing, 1
	r := &Ring{t: t, sizes: t.Sizes, ident: t.ident(), bell: make(chan struct{}, 1), dead: make(chan struct{})}
	for _, e := range t.Edges() {
		r.edges = append(r.edges, newEdge(t, e, r.bell))
	}
	r.edge, r.spares, r.chords = r.edges[0], t.spares(), len(t.strides()) > 1
	r.sums = r.circles()
	r.records.init(t)
	if t.Nodes() == 1 {
		return r, nil
	}
	if err := r.open(ctx, tr); err != nil {
		return nil, located(err, 0, "Form")
	}
	first := r.sums[0]
	first.share, _ = first.link.(Sharer)
	for _, e := range r.edges {
		r.wg.Go(func() { r.receive(e) })
	}
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
	err := r.closeEdges()
	r.wg.Wait()
	for _, e := range r.edges {
		for f := e.inbox.pop(); f != nil; f = e.inbox.pop() {
			f.Release()
		}
	}
	if !first {
		return nil // the error was returned where it happened
	}
	return err
}

// receive reads frames until the edge's link ends. It never waits for a
// collective.
func (r *Ring) receive(e *edge) {
	for {
		f, err := e.link.Recv()
		if errors.Is(err, ErrLeft) {
			e.leftErr = err
			close(e.left)
			ring(r.bell)
			return
		}
		if err == nil {
			err = r.accept(e, f)
		}
		if r.t.Heard != nil {
			r.t.Heard()
		}
		if err != nil {
			r.fail(err)
			return
		}
	}
}

// accept checks a frame's identity and parks it for the collective it is for.
func (r *Ring) accept(e *edge, f *Frame) error {
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
		err = e.inbox.push(f)
	}
	if err != nil {
		f.Release()
		return r.t.peerError(e.prev, err)
	}
	return nil
}
