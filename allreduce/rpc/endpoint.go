package rpc

import (
	"crypto/tls"
	"net"
	"sync"
	"time"

	"google.golang.org/grpc"

	"github.com/ballast-ml/ballast/internal/jobkey"
)

// Endpoint is a transport with a port of its own, for benchmarks and tests of
// rings without membership. It trusts whoever connects to be quick and honest:
// a node that strangers can reach has package cluster/rpc in front of it.
//
//	a, err := rpc.Listen("127.0.0.1:0", rpc.Options{Way: rpc.Memory})
//	...
//	ring, err := allreduce.Form(ctx, a, allreduce.Topology{Addrs: []string{a.Addr, b.Addr}, ...})
type Endpoint struct {
	*Transport
	Addr string // HOST:PORT

	server *grpc.Server
	wg     sync.WaitGroup
}

// Listen opens a port, which gRPC and data connections share; o.Port need not
// be set.
func Listen(addr string, o Options) (*Endpoint, error) {
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, err
	}
	return NewEndpoint(l, o), nil
}

// NewEndpoint is Listen on a listener of TCP connections, which it owns.
func NewEndpoint(l net.Listener, o Options) *Endpoint {
	o.Port = true
	e := &Endpoint{Transport: New(o), Addr: l.Addr().String(), server: grpc.NewServer(ServerOptions()...)}
	e.Register(e.server)
	s := &sorter{Listener: l, e: e, calls: make(chan net.Conn), closed: make(chan struct{})}
	e.wg.Go(s.run)
	e.wg.Go(func() { _ = e.server.Serve(s) })
	return e
}

// Close ends the port. Rings are closed before.
func (e *Endpoint) Close() {
	e.server.Stop()
	e.wg.Wait()
}

// identifyTimeout is how long a connection may take to show its kind, TLS
// included: long, for who connects is trusted, and may be short of processor time.
const identifyTimeout = 10 * time.Second

// sorter is a listener of the gRPC connections among those that come.
type sorter struct {
	net.Listener
	e      *Endpoint
	calls  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

// Accept returns the next gRPC connection.
func (s *sorter) Accept() (net.Conn, error) {
	select {
	case c := <-s.calls:
		return c, nil
	case <-s.closed:
		return nil, net.ErrClosed
	}
}

// Close ends the listener.
func (s *sorter) Close() error {
	s.once.Do(func() { close(s.closed) })
	return s.Listener.Close()
}

func (s *sorter) run() {
	for {
		c, err := s.Listener.Accept()
		if err != nil {
			return
		}
		s.e.wg.Go(func() { s.sort(c) })
	}
}

// sort hands c to those who serve its kind.
func (s *sorter) sort(c net.Conn) {
	_ = c.SetDeadline(time.Now().Add(identifyTimeout))
	known, data, err := s.identify(c)
	_ = c.SetDeadline(time.Time{})
	switch {
	case err != nil:
		_ = c.Close()
	case data:
		s.e.Join(known)
	default:
		select {
		case s.calls <- known:
		case <-s.closed:
			_ = c.Close()
		}
	}
}

func (s *sorter) identify(c net.Conn) (known net.Conn, data bool, err error) {
	if s.e.options.TLS != nil {
		return s.shake(c)
	}
	var first [1]byte
	if _, err := c.Read(first[:]); err != nil {
		return nil, false, err
	}
	return &begun{c, first[:]}, first[0] == DataByte, nil
}

func (s *sorter) shake(c net.Conn) (known net.Conn, data bool, err error) {
	config := s.e.options.TLS.Clone()
	config.NextProtos = []string{"h2", jobkey.Ring}
	if s.e.options.PlainLoopback && jobkey.IsLocal(c) {
		config.NextProtos = append([]string{jobkey.Local, jobkey.LocalRing}, config.NextProtos...)
	}
	t := tls.Server(c, config)
	if err := t.Handshake(); err != nil {
		return nil, false, err
	}
	switch p := t.ConnectionState().NegotiatedProtocol; p {
	case jobkey.Local, jobkey.LocalRing:
		return c, p == jobkey.LocalRing, jobkey.GoAhead(c)
	default:
		return t, p == jobkey.Ring, nil
	}
}

// begun is a connection of which a byte has been read already.
type begun struct {
	net.Conn
	first []byte
}

// Read returns that byte, then the rest.
func (b *begun) Read(p []byte) (int, error) {
	if len(b.first) > 0 && len(p) > 0 {
		n := copy(p, b.first)
		b.first = b.first[n:]
		return n, nil
	}
	return b.Conn.Read(p)
}
