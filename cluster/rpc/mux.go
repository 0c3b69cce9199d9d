package rpc

import (
	"net"
	"time"
)

const (
	// maxUnknown bounds the connections that have sent nothing yet; more wait
	// in the kernel's queue.
	maxUnknown = 128
	// sniffTimeout is how long a connection may take to send its first byte
	// and then to be picked up.
	sniffTimeout = 5 * time.Second
)

// accept takes connections until the listener is closed.
func (s *Server) accept() {
	pause := time.NewTimer(0)
	defer pause.Stop()
	for {
		select {
		case s.sniff <- struct{}{}:
		case <-s.closing:
			return
		}
		c, err := s.tcp.Accept()
		if err != nil {
			<-s.sniff
			pause.Reset(10 * time.Millisecond) // out of file descriptors, say
			select {
			case <-pause.C:
				continue
			case <-s.closing:
				return
			}
		}
		s.wg.Go(func() {
			s.route(c)
			<-s.sniff
		})
	}
}

// route reads the first byte of c and hands c to whom it is meant for.
func (s *Server) route(c net.Conn) {
	if !s.note(c) {
		_ = c.Close()
		return
	}
	var first [1]byte
	err := c.SetReadDeadline(time.Now().Add(sniffTimeout))
	if err == nil {
		_, err = c.Read(first[:])
	}
	if err == nil {
		err = c.SetReadDeadline(time.Time{})
	}
	s.forget(c)
	if err != nil {
		_ = c.Close()
		return
	}
	to := s.streams
	if isCall(first[0]) {
		to = s.calls
	}
	patience := time.NewTimer(sniffTimeout)
	defer patience.Stop()
	select {
	case to <- &peeked{Conn: c, first: first[:]}:
	case <-patience.C:
		_ = c.Close()
	case <-s.closing:
		_ = c.Close()
	}
}

// isCall reports whether a connection that begins with b speaks gRPC: HTTP/2
// begins with "PRI", TLS with a handshake record. memberlist's streams begin
// with a message type below 14 or with 244, the mark of a label.
func isCall(b byte) bool { return b == 'P' || b == 0x16 }

// note remembers c, so that Close can end the wait for its first byte.
func (s *Server) note(c net.Conn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.mu.closed {
		return false
	}
	s.mu.unknown[c] = struct{}{}
	return true
}

func (s *Server) forget(c net.Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.mu.unknown, c)
}

// peeked is a connection whose first byte has been read already.
type peeked struct {
	net.Conn
	first []byte
}

// Read returns the first byte, then the rest.
func (p *peeked) Read(b []byte) (int, error) {
	if len(p.first) > 0 && len(b) > 0 {
		n := copy(b, p.first)
		p.first = p.first[n:]
		return n, nil
	}
	return p.Conn.Read(b)
}

// calls is the listener that the gRPC server sees.
type calls struct{ *Server }

// Accept returns the next gRPC connection.
func (l calls) Accept() (net.Conn, error) {
	select {
	case c := <-l.calls:
		return c, nil
	case <-l.closing:
		return nil, net.ErrClosed
	}
}

// Close does nothing: the port belongs to the Server.
func (l calls) Close() error { return nil }

// Addr is the address listened on.
func (l calls) Addr() net.Addr { return l.tcp.Addr() }
