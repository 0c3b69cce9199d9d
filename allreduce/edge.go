package allreduce

import (
	"context"
	"errors"
	"sync"
)

// edge is a node's part in one of the ring's circles: the link to a node
// further on and from one as far behind, and what has come over it. The first
// circle visits the nodes in order; a chord leaves out all but every second,
// fourth, ... of them; the circles of two levels have the nodes of one group,
// and one node of each.
type edge struct {
	is      Edge
	prev    int    // rank of the node that frames come from
	link    Link   // nil on a ring of one node
	lend    Lender // where frames to send come from: link, or pool
	pool    Pool
	inbox   *inbox
	left    chan struct{} // closed with leftErr set: the previous node is done
	leftErr error
}

func newEdge(t Topology, is Edge, bell chan struct{}) *edge {
	return &edge{is: is, prev: t.on(is).Prev(), inbox: newInbox(t.Sizes.Park, bell), left: make(chan struct{})}
}

// hasLeft reports whether the previous node is done, and all that it sent in the
// inbox.
func (e *edge) hasLeft() bool {
	select {
	case <-e.left:
		return true
	default:
		return false
	}
}

// frame returns a frame of the current collective with room for n bytes of
// payload. The header is complete but for what the caller sets in h.
func (e *edge) frame(h Header, n int) *Frame {
	f := e.lend.Get(HeaderSize + n)
	h.Length = uint32(n)
	f.head = h
	return f
}

// open opens the links of all edges at once: each waits for other nodes. If one
// cannot be opened, or breaks while the others are, all are given up for the same
// reason.
func (r *Ring) open(ctx context.Context, tr Transport) error {
	ctx, giveUp := context.WithCancelCause(ctx)
	defer giveUp(nil)
	var wg, watches sync.WaitGroup
	opened := make(chan struct{})
	for _, e := range r.edges {
		wg.Go(func() {
			link, err := tr.Open(ctx, r.t.on(e.is))
			if err != nil {
				giveUp(err)
				return
			}
			e.link, e.lend = link, lenderOf(link, &e.pool)
			watches.Go(func() {
				select {
				case <-link.Done():
					giveUp(link.Err())
				case <-opened:
				}
			})
		})
	}
	wg.Wait()
	close(opened)
	watches.Wait()
	err := context.Cause(ctx)
	if err == nil {
		return nil
	}
	for _, e := range r.edges {
		if e.link != nil {
			e.link.Abort(err)
			_ = e.link.Close() // err says why
		}
	}
	return err
}

// closeEdges closes all links at once, each of which may wait for its next
// node.
func (r *Ring) closeEdges() error {
	errs := make([]error, len(r.edges))
	var wg sync.WaitGroup
	for i, e := range r.edges {
		wg.Go(func() { errs[i] = e.link.Close() })
	}
	wg.Wait()
	return errors.Join(errs...)
}
