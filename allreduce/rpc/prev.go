package rpc

import (
	"fmt"

	"google.golang.org/grpc"

	"github.com/ballast-ml/ballast/allreduce"
)

// join makes ss the stream from the previous node, unless there is one or the
// link has ended.
func (l *link) join(ss grpc.ServerStream) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.server != nil || l.mu.err != nil || l.mu.closed {
		return false
	}
	l.server = ss
	return true
}

// serve is the rest of the handler of the joined stream: while it has not
// returned, the stream lives.
func (l *link) serve(ss grpc.ServerStream) error {
	defer close(l.served)
	if err := l.say(control{kind: kindWelcome, body: l.t.Hello().Append(nil)}); err != nil {
		l.fail(lost(l.t, l.t.Prev(), err))
		return err
	}
	l.wg.Go(func() { l.hear(ss) }) // until the stream ends, at the latest when this returns
	if l.settle(ss.Context()) {
		close(l.joined)
	} // else what follows says why
	select {
	case <-l.dead:
		l.say(control{kind: kindFarewell, body: allreduce.NewFarewell(l.t, l.err()).Append(nil)})
	case <-l.release:
		l.say(control{kind: kindBye})
	case <-ss.Context().Done():
		select {
		case <-l.gone:
		default:
			l.fail(peerError(l.t, l.t.Prev(), fmt.Errorf("%w: its stream broke", allreduce.ErrLost)))
		}
	}
	return nil
}

// awaitPrev waits for the previous node's stream.
func (l *link) awaitPrev() error {
	select {
	case <-l.joined:
		return nil
	case <-l.dead:
		return l.err()
	}
}

// Recv implements allreduce.Link.
func (l *link) Recv() (*allreduce.Frame, error) {
	if err := l.over(); err != nil {
		return nil, err
	}
	if l.inlet != nil {
		return l.recv()
	}
	m, err := next(l.server, &l.pool)
	if err == nil && m.frame != nil {
		return m.frame, nil
	}
	if err = l.parted(m, err); err == nil {
		close(l.gone)
		l.say(control{kind: kindAck})
	} else {
		l.fail(err)
	}
	return nil, l.over()
}

// parted returns what the last word of the previous node means, or the end of
// its stream without one; nil is an orderly end.
func (l *link) parted(m message, err error) error {
	switch {
	case err != nil:
		return lost(l.t, l.t.Prev(), err)
	case m.frame == nil && m.control.kind == kindBye:
		return nil
	case m.frame == nil && m.control.kind == kindFarewell:
		l.say(control{kind: kindAck})
		return farewell(l.t, l.t.Prev(), m.control.body)
	default:
		return peerError(l.t, l.t.Prev(), fmt.Errorf("%w: unexpected message", allreduce.ErrFrame))
	}
}

// over returns why nothing more can be received, or nil.
func (l *link) over() error {
	if err := l.err(); err != nil {
		return err
	}
	select {
	case <-l.gone:
		return peerError(l.t, l.t.Prev(), allreduce.ErrLeft)
	case <-l.release:
		return allreduce.ErrClosed
	default:
		return nil
	}
}

// say sends a control message to the previous node.
func (l *link) say(c control) error {
	l.saying.Lock()
	defer l.saying.Unlock()
	return l.server.SendMsg(&message{control: c})
}
