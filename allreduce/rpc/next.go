package rpc

import (
	"context"
	"errors"
	"fmt"

	"google.golang.org/grpc"

	"github.com/ballast-ml/ballast/allreduce"
)

// dialNext opens the stream to the next node and shakes hands. life is the
// link's.
func (l *link) dialNext(life context.Context) error {
	rank := l.t.Next()
	conn, err := grpc.NewClient("passthrough:///"+l.t.Addrs[rank], l.from.dial...)
	if err != nil {
		return peerError(l.t, rank, err)
	}
	l.conn = conn
	l.stream, err = conn.NewStream(life, &serviceDesc.Streams[0], method,
		grpc.CallContentSubtype(subtype), grpc.MaxRetryRPCBufferSize(0), grpc.StaticMethod())
	if err == nil {
		// An error of SendMsg is io.EOF; the reason comes from RecvMsg.
		l.stream.SendMsg(&message{control: control{kind: kindHello, body: l.t.Hello().Append(nil)}})
		err = l.welcomed()
	}
	if err == nil {
		err = l.choose(life)
	}
	if _, ours := err.(*WayError); err != nil && !ours {
		return lost(l.t, rank, err)
	}
	return err
}

// welcomed reads the next node's answer, which comes when it has opened the
// same generation.
func (l *link) welcomed() error {
	m, err := next(l.stream, &l.pool)
	if err != nil {
		return err
	}
	if m.control.kind == kindRefusal {
		return refused(m.control.body)
	}
	h, err := helloOf(m, kindWelcome)
	if err != nil {
		return err
	}
	return l.t.Hello().Match(h, l.t.Next())
}

// choose takes one of the ways that the next node offers. An error is the
// stream's, or a *WayError.
func (l *link) choose(life context.Context) error {
	body, err := l.told(kindOffer)
	if err != nil {
		return err
	}
	from, err := parseOffer(body)
	if err != nil {
		return err
	}
	o := l.options
	way, to, err := o.take(life, l.t.Addrs[l.t.Next()], from)
	if err != nil {
		return l.unlessOver(err)
	}
	l.stream.SendMsg(&message{control: control{kind: kindChoice, body: []byte{byte(way)}}})
	settled := GRPC
	if body, err = l.told(kindSettled); err == nil {
		settled, err = parseWay(body)
	}
	if to != nil && (err != nil || settled != way) { // it could not open its end
		to.Drop()
		to, way = nil, GRPC
	}
	if err == nil && !o.Way.allows(way) {
		return &WayError{Want: o.Way, Err: errors.New("the next node could not open its end")}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.out.to, l.out.way = to, way
	return err
}

// unlessOver returns err, for which the way that the settings demand cannot be
// had, unless that is because the next node has given the ring up: then there is
// no way to it, and the settings are not at fault. It answers a choice if it has
// not.
func (l *link) unlessOver(err error) error {
	l.stream.SendMsg(&message{control: control{kind: kindChoice, body: []byte{byte(GRPC)}}})
	if _, over := l.told(kindSettled); over != nil {
		return over
	}
	return err
}

// told returns the body of the next node's message, which must be of that kind.
func (l *link) told(want kind) ([]byte, error) {
	m, err := next(l.stream, &l.pool)
	if err == nil && (m.frame != nil || m.control.kind != want) {
		err = fmt.Errorf("%w: unexpected message", allreduce.ErrFrame)
	}
	return m.control.body, err
}

// start runs the goroutines of the client stream.
func (l *link) start() {
	l.mu.Lock()
	l.mu.began = true
	l.mu.Unlock()
	l.wg.Go(l.sender)
	l.wg.Go(l.reader)
	if l.out.to != nil {
		l.wg.Go(l.out.to.Hear)
	}
}

// Send implements allreduce.Link.
func (l *link) Send(ctx context.Context, f *allreduce.Frame) error {
	select {
	case <-l.dead: // first, whatever else is ready
	case <-l.flush:
	case <-l.left:
	default:
		if l.direct(f) {
			return nil
		}
		l.out.queued.Add(1)
		select {
		case l.queue <- f:
			return nil
		case <-l.dead:
		case <-l.flush:
		case <-l.left:
		case <-ctx.Done():
			l.out.queued.Add(-1)
			f.Release()
			return context.Cause(ctx)
		}
		l.out.queued.Add(-1)
	}
	f.Release()
	if err := l.err(); err != nil {
		return err
	}
	select {
	case <-l.flush:
		return allreduce.ErrClosed
	default:
		return peerError(l.t, l.t.Next(), allreduce.ErrLeft)
	}
}

// sender moves frames from the queue to the stream, where it may have to wait
// for the next node to read.
func (l *link) sender() {
	defer close(l.sent)
	for {
		select {
		case <-l.dead:
			l.part(control{kind: kindFarewell, body: allreduce.NewFarewell(l.t, l.err()).Append(nil)})
			return
		default:
		}
		select {
		case <-l.dead:
		case f := <-l.queue:
			l.transmit(f)
		case <-l.flush:
			for len(l.queue) > 0 {
				l.transmit(<-l.queue)
			}
			l.out.end(true)
			l.part(control{kind: kindBye})
			return
		}
	}
}

// transmit sends one frame. If the stream is broken, the reader hears why.
func (l *link) transmit(f *allreduce.Frame) {
	defer l.out.queued.Add(-1)
	if l.out.to != nil {
		l.write(f)
		return
	}
	m := &message{frame: f}
	l.stream.SendMsg(m)
	if m.frame != nil { // gRPC did not take it
		m.frame.Release()
	}
}

// part says the last word to the next node.
func (l *link) part(c control) {
	l.drain()
	l.stream.SendMsg(&message{control: c})
	l.stream.CloseSend()
}

// drain releases what nobody will send.
func (l *link) drain() {
	for {
		select {
		case f := <-l.queue:
			if f != nil {
				f.Release()
			}
		default:
			return
		}
	}
}

// reader hears what the next node has to say; most of the time that is
// nothing. It ends with the stream.
func (l *link) reader() {
	rank := l.t.Next()
	defer func() {
		if !l.intact {
			close(l.acked)
		}
	}()
	for {
		m, err := next(l.stream, &l.pool)
		switch {
		case err == nil && (m.control.kind == kindAck || m.control.kind == kindBye):
			if !l.intact {
				l.intact = true
				close(l.acked)
			}
			if m.control.kind == kindBye {
				close(l.left)
				return
			}
			continue
		case err == nil && m.control.kind == kindFarewell:
			err = farewell(l.t, rank, m.control.body)
		case err == nil:
			err = peerError(l.t, rank, fmt.Errorf("%w: unexpected message", allreduce.ErrFrame))
		default:
			err = lost(l.t, rank, err)
		}
		if !l.intact { // else it has all it needs, and may go as it likes
			l.fail(err)
		}
		return
	}
}
