package clustertest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"syscall"
	"time"

	"github.com/hashicorp/memberlist"

	"github.com/ballast-ml/ballast/cluster"
)

// Call runs the handler at addr and returns its answer, if both question and
// answer get through; else it waits for ctx.
func (e *Endpoint) Call(ctx context.Context, addr string, req []byte) ([]byte, error) {
	to, fate := e.net.fate(e, addr)
	switch fate {
	case refused:
		return nil, fmt.Errorf("%s: %w", addr, cluster.ErrRefused)
	case isLost, unread:
		<-ctx.Done()
		return nil, ctx.Err()
	}
	type result struct {
		answer []byte
		err    error
	}
	done := make(chan result, 1)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel() // the caller's end ends the handler, as a broken connection does
	handler := to.current()
	e.net.calls.Go(func() {
		answer, err := handler(ctx, e.addr, bytes.Clone(req))
		done <- result{answer, err}
	})
	select {
	case r := <-done:
		if _, back := e.net.fate(to, e.addr); back == isLost || back == unread {
			select {
			case <-to.dead:
				return nil, errReset(addr)
			case <-ctx.Done():
				return nil, ctx.Err()
			}
		}
		return r.answer, r.err
	case <-to.dead:
		return nil, errReset(addr)
	case <-e.dead:
		return nil, errors.New("this process is dead")
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func errReset(addr string) error { return errors.New(addr + ": connection reset by peer") }

func (e *Endpoint) current() cluster.Handler {
	e.net.mu.Lock()
	defer e.net.mu.Unlock()
	return e.handler
}

// WriteTo sends a packet, which may be lost.
func (e *Endpoint) WriteTo(b []byte, addr string) (time.Time, error) {
	now := time.Now()
	if to, fate := e.net.fate(e, addr); fate == arrives {
		from := net.TCPAddrFromAddrPort(netip.MustParseAddrPort(e.addr))
		select {
		case to.packets <- &memberlist.Packet{Buf: bytes.Clone(b), From: from, Timestamp: now}:
		default:
		}
	}
	return now, nil
}

// PacketCh returns the packets that arrive.
func (e *Endpoint) PacketCh() <-chan *memberlist.Packet { return e.packets }

// StreamCh returns the streams that others open.
func (e *Endpoint) StreamCh() <-chan net.Conn { return e.streams }

// DialTimeout opens a stream.
func (e *Endpoint) DialTimeout(addr string, timeout time.Duration) (net.Conn, error) {
	to, fate := e.net.fate(e, addr)
	fail := func(err error) (net.Conn, error) { return nil, &net.OpError{Op: "dial", Net: "tcp", Err: err} }
	switch fate {
	case refused:
		return fail(syscall.ECONNREFUSED)
	case isLost:
		t := time.NewTimer(timeout)
		defer t.Stop()
		select {
		case <-t.C:
			return fail(os.ErrDeadlineExceeded)
		case <-e.dead:
			return fail(net.ErrClosed)
		}
	}
	near, far := net.Pipe()
	if !e.hold(near) || !to.hold(far) {
		_ = near.Close()
		return fail(syscall.ECONNREFUSED)
	}
	if fate == arrives {
		select {
		case to.streams <- &stream{far, to, e}:
		default:
			_ = near.Close()
			return fail(syscall.ECONNREFUSED)
		}
	}
	return &stream{near, e, to}, nil
}

// hold remembers a stream, so that Kill can break it.
func (e *Endpoint) hold(c net.Conn) bool {
	e.net.mu.Lock()
	defer e.net.mu.Unlock()
	if e.killed {
		return false
	}
	e.conns = append(e.conns, c)
	return true
}

// stream is one end of a connection. What is written while the link is down is
// lost, so that the other end waits until its deadline.
type stream struct {
	net.Conn
	from, to *Endpoint
}

// Write sends b, or loses it without a word.
func (s *stream) Write(b []byte) (int, error) {
	if _, fate := s.from.net.fate(s.from, s.to.addr); fate == isLost || fate == unread {
		return len(b), nil
	}
	return s.Conn.Write(b)
}

// LocalAddr is the address of this end.
func (s *stream) LocalAddr() net.Addr {
	return net.TCPAddrFromAddrPort(netip.MustParseAddrPort(s.from.addr))
}

// RemoteAddr is the address of the other end.
func (s *stream) RemoteAddr() net.Addr {
	return net.TCPAddrFromAddrPort(netip.MustParseAddrPort(s.to.addr))
}
