package rpc

import (
	"context"
	"fmt"
	"io"
	"slices"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/ballast-ml/ballast/allreduce"
)

// A stream that belongs to no link yet is parked: a neighbour can have the new
// roster a moment earlier. Both bounds are far above what happens in order.
const (
	maxParked   = 64
	parkTimeout = 30 * time.Second
)

// stream serves one stream of a node that says it is our previous one.
func (t *Transport) stream(ss grpc.ServerStream) error {
	ctx, cancel := context.WithTimeout(ss.Context(), parkTimeout)
	defer cancel()
	if !t.park() {
		return status.Errorf(codes.ResourceExhausted, "more than %d streams wait for a ring", maxParked)
	}
	l, err := t.admit(ctx, ss)
	t.unpark()
	if err != nil {
		return ss.SendMsg(&message{control: refusal(err)})
	}
	return l.serve(ss)
}

func (t *Transport) park() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.mu.parked == maxParked {
		return false
	}
	t.mu.parked++
	return true
}

func (t *Transport) unpark() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.mu.parked--
}

// admit reads the stream's hello and finds the link it is for, waiting until
// this node opens it.
func (t *Transport) admit(ctx context.Context, ss grpc.ServerStream) (*link, error) {
	h, err := greeting(ctx, ss)
	if err != nil {
		return nil, err
	}
	for {
		l, changed, err := t.match(h, ss)
		if l != nil || err != nil {
			return l, err
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return nil, fmt.Errorf("%w: generation %d was not opened here within %v", allreduce.ErrStale, h.Generation, parkTimeout)
		}
	}
}

// greeting reads the first message. RecvMsg knows no deadline, so it runs
// beside; it returns when the handler does.
func greeting(ctx context.Context, ss grpc.ServerStream) (allreduce.Hello, error) {
	type result struct {
		h   allreduce.Hello
		err error
	}
	got := make(chan result, 1)
	go func() {
		var r result
		m, err := next(ss, new(allreduce.Pool))
		if r.err = err; err == nil {
			r.h, r.err = helloOf(m, kindHello)
		}
		got <- r
	}()
	select {
	case r := <-got:
		return r.h, r.err
	case <-ctx.Done():
		return allreduce.Hello{}, fmt.Errorf("%w: no hello within %v", allreduce.ErrFrame, parkTimeout)
	}
}

// helloOf returns the handshake in a message of the wanted kind.
func helloOf(m message, want kind) (allreduce.Hello, error) {
	if m.frame != nil || m.control.kind != want {
		return allreduce.Hello{}, fmt.Errorf("%w: no handshake", allreduce.ErrFrame)
	}
	return allreduce.ParseHello(m.control.body)
}

// match gives ss to the link that h fits. Without link and error the stream has
// to wait for changed: this node has not opened h's generation, or not all of
// its edges.
func (t *Transport) match(h allreduce.Hello, ss grpc.ServerStream) (*link, <-chan struct{}, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	top := t.mu.newest
	same := h.Run == top.Run && h.Generation == top.Generation
	l := t.mu.links[h.Edge]
	if t.mu.links == nil || h.Run == top.Run && h.Generation > top.Generation ||
		same && l == nil && slices.Contains(top.Edges(), h.Edge) {
		return nil, t.mu.changed, nil
	}
	if l == nil {
		l = t.mu.links[allreduce.Edge{Stride: 1}] // no edge of ours: this one says so
	}
	if l == nil {
		return nil, t.mu.changed, nil
	}
	prev := l.t.Prev()
	if err := l.t.Hello().Match(h, prev); err != nil {
		// Our previous node itself, in the same generation: the disagreement
		// is ours as much as its own. Anybody else is merely turned away.
		if same && h.Rank < len(h.Names) && h.Names[h.Rank] == l.t.Names[prev] {
			l.fail(peerError(l.t, prev, err))
		}
		return nil, nil, err
	}
	if !l.join(ss) {
		return nil, nil, fmt.Errorf("%w: generation %d is over here, or has its previous node", allreduce.ErrStale, h.Generation)
	}
	return l, nil, nil
}

// peerError names a rank of top.
func peerError(top allreduce.Topology, rank int, err error) *allreduce.PeerError {
	return &allreduce.PeerError{Peer: top.Names[rank], Rank: rank, Err: err}
}

// lost is what the error of a stream means. If it is not gRPC's, the peer
// said something wrong.
func lost(top allreduce.Topology, rank int, err error) error {
	if err == io.EOF {
		err = fmt.Errorf("%w: it ended the stream", allreduce.ErrLost)
	} else if s, ok := status.FromError(err); ok {
		err = fmt.Errorf("%w: %s", allreduce.ErrLost, s.Message())
	}
	return peerError(top, rank, err)
}
