package rpc

import (
	"fmt"
	"net"
	"time"
)

// limits bound what strangers can take of a node: connections, goroutines,
// memory and time. All of it is given before anybody has proved anything.
type limits struct {
	crowd    int           // connections not known yet
	stay     time.Duration // that each of them has at least
	patience time.Duration // for a connection to say and prove what it is
	streams  int           // gossip streams at once; more wait for a fifth of patience
	strange  int           // the same without TLS
	calls    int           // gRPC connections; more are refused
}

// usual are the limits of a node. A handshake takes at most a third of a MiB.
// A gossip stream has at most maxStream; but whoever wants to can have
// memberlist prepare for a million members, which takes 100 MiB, so where
// anybody may send one there are few at once.
var usual = limits{crowd: 128, stay: 100 * time.Millisecond, patience: 5 * time.Second, streams: 16, strange: 4, calls: 2048}

// accept takes connections until the listener is closed.
func (s *Server) accept() {
	for {
		c, err := s.tcp.Accept()
		if err != nil {
			if !s.pause(10 * time.Millisecond) { // out of file descriptors, say
				return
			}
			continue
		}
		if !s.room() {
			_ = c.Close()
			return
		}
		s.wg.Go(func() {
			defer func() { <-s.sniff }()
			s.route(c)
		})
	}
}

// pause waits. It reports false if the server is closing.
func (s *Server) pause(d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-s.closing:
		return false
	}
}

// room waits until there is room for one more connection of unknown kind, and
// makes it if the others take their time. It reports false if the server is
// closing.
func (s *Server) room() bool {
	select {
	case s.sniff <- struct{}{}:
		return true
	default:
	}
	for {
		again := time.NewTimer(s.crowd.push(time.Now(), s.limits.stay))
		select {
		case s.sniff <- struct{}{}:
			again.Stop()
			return true
		case <-again.C:
		case <-s.closing:
			again.Stop()
			return false
		}
	}
}

// route finds out what c is and hands it to those who serve its kind.
func (s *Server) route(c net.Conn) {
	peer := c.RemoteAddr().String()
	if !s.crowd.enter(c, time.Now()) {
		_ = c.Close()
		return
	}
	to, known, err := s.identify(c)
	if out := s.crowd.leave(c); out != nil {
		err = out
	}
	if err == nil {
		err = s.hand(to, known)
	}
	if err != nil {
		s.refused.add(peer, err) // first: whoever sees the end can count on the count
		_ = c.Close()
	}
}

// identify reads as much of c as it takes to know what it is. It returns the
// lane for it, and c with nothing missing.
func (s *Server) identify(c net.Conn) (to *lane, known net.Conn, err error) {
	if err := c.SetDeadline(time.Now().Add(s.limits.patience)); err != nil {
		return nil, nil, err
	}
	var first [1]byte
	if _, err := c.Read(first[:]); err != nil {
		return nil, nil, err
	}
	known = &peeked{Conn: c, first: first[:]}
	call, stream, encrypted := first[0] == 'P', isGossip(first[0]), first[0] == handshakeRecord
	switch {
	case encrypted && s.tls != nil:
		to, known, err = s.shake(known)
	case encrypted:
		turnAway(c)
		err = refusal{needlessSecret, nil}
	case s.tls != nil && call:
		turnAway(c)
		err = refusal{noSecret, nil}
	case s.tls != nil && stream:
		err = refusal{noSecret, nil}
	case call:
		to = &s.calls
	case stream:
		to = &s.streams
	case s.beside.serve != nil && first[0] == s.beside.first && s.tls != nil:
		err = refusal{noSecret, nil}
	case s.beside.serve != nil && first[0] == s.beside.first:
		to = &s.beside.lane
	default:
		err = refusal{notANode, fmt.Errorf("it begins with the byte %#02x", first[0])}
	}
	if err == nil {
		err = c.SetDeadline(time.Time{})
	}
	return to, known, err
}

// isGossip reports whether a connection that begins with b may be one of
// memberlist's: they begin with a message type below 14 or with 244, the mark
// of a label. HTTP/2 begins with 'P' (of "PRI") and TLS with 0x16.
func isGossip(b byte) bool { return b < 14 || b == 244 }

// lane leads to those who serve one kind of connection.
type lane struct {
	conns  chan net.Conn
	places chan struct{}  // one token for each connection until it is closed
	queue  bool           // wait for a place: connections are short
	most   int            // bytes that may be read of a connection; 0: no limit
	serve  func(net.Conn) // takes a connection; nil: conns is where they wait
}

// hand gives a connection to those who serve its kind. They take it at once,
// if they are there; it cannot be pushed out while it waits here.
func (s *Server) hand(to *lane, c net.Conn) error {
	patience := time.NewTimer(s.limits.patience / 5)
	defer patience.Stop()
	select {
	case to.places <- struct{}{}:
	default:
		if !to.queue {
			return refusal{tooMany, nil}
		}
		select {
		case to.places <- struct{}{}:
		case <-patience.C:
			return refusal{tooMany, nil}
		case <-s.closing:
			return errClosed
		}
	}
	h := &held{Conn: c, left: to.most, limited: to.most > 0, release: func() { <-to.places }}
	if to.serve != nil {
		s.wg.Go(func() { to.serve(h) })
		return nil
	}
	select {
	case to.conns <- h:
		return nil
	case <-patience.C:
		_ = h.Close()
		return refusal{tooMany, nil}
	case <-s.closing:
		_ = h.Close()
		return errClosed
	}
}

// calls is the listener that the gRPC server sees.
type calls struct{ *Server }

// Accept returns the next gRPC connection.
func (l calls) Accept() (net.Conn, error) {
	select {
	case c := <-l.calls.conns:
		return c, nil
	case <-l.closing:
		return nil, net.ErrClosed
	}
}

// Close does nothing: the port belongs to the Server.
func (l calls) Close() error { return nil }

// Addr is the address listened on.
func (l calls) Addr() net.Addr { return l.tcp.Addr() }
