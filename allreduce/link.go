package allreduce

import "context"

// Transport makes links. Its Open may be called again for a later generation
// once the earlier links are closed, and at once for the edges of one, which
// differ in Topology.Level and Stride.
type Transport interface {
	// Open connects this node with t.Next and t.Prev. It returns
	// when both have shown the same run, generation, roster and shards
	// (Hello.Match), with a *PeerError if one of them is lost or shows another,
	// and with context.Cause(ctx) when ctx ends. A neighbour that already
	// shows a newer generation waits until this node opens that one; one that
	// shows an older is refused with ErrStale.
	Open(ctx context.Context, t Topology) (Link, error)
}

// Link is a node's ends of an edge. One goroutine may send while another
// receives; Abort and Close may be called at any time.
//
// Errors about a neighbour are *PeerError with Peer, Rank and Err set. Once
// the loss of either neighbour is known, calls under way and later calls of
// Send and Recv return it at once.
type Link interface {
	// Send gives f to the link, to be delivered to the next node in order; it
	// takes ownership in every case and releases f when its bytes are no
	// longer needed. It may return before that. It blocks while the next node
	// takes nothing, until ctx ends (then it returns context.Cause(ctx)).
	Send(ctx context.Context, f *Frame) error
	// Recv returns the next frame from the previous node; the caller owns it.
	// After the last frame of a node that has closed its link it returns an
	// error that wraps ErrLeft.
	Recv() (*Frame, error)
	// Done is closed once the link has ended, and Err then says why: for whoever
	// does not receive yet.
	Done() <-chan struct{}
	Err() error
	// Abort ends the link because of reason and does not wait: calls under
	// way return, frames under way may be lost, and both neighbours are told
	// (see Farewell). Only the first call counts.
	Abort(reason error)
	// Close ends the link. If it was not aborted, frames sent are delivered
	// first, within a bounded time, and neighbours see an orderly end. It
	// returns when none of the link's goroutines is left and no frame is held.
	// The caller goes on receiving, if it does, until Close has returned.
	Close() error
}

// Lender is a Link that has memory of its own for frames to be sent, from where
// they need not be copied. A ring takes its frames there, if its link is one.
type Lender interface {
	// Get returns a frame whose Bytes have length n, of undefined content. It
	// does not wait, and is called by the goroutine that sends.
	Get(n int) *Frame
}

// Sharer is a Lender whose memory the next node reads where it lies, not only
// frames of it but whatever was allocated there.
type Sharer interface {
	Lender
	// Alloc returns n floats, all 0, that Refer can refer to, or nil if there is
	// no room. They can be used for ever; the neighbour sees them until the
	// link is closed.
	Alloc(n int) []float32
	// Refer returns a fixed frame to be sent whose payload is p itself, or nil
	// if that is not possible, or not worth it. p must not change until the
	// next node has released the frame.
	Refer(p []float32) *Frame
	// Settle waits until the next node has released all frames of Refer that
	// were sent, or is gone. It ends with an error when the link or ctx does.
	Settle(ctx context.Context) error
}

func lenderOf(l Link, otherwise *Pool) Lender {
	if from, ok := l.(Lender); ok {
		return from
	}
	return otherwise
}
