package rpc

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"sync"
	"sync/atomic"

	"github.com/hashicorp/memberlist"
	"github.com/rs/zerolog"
	"google.golang.org/grpc"

	"github.com/ballast-ml/ballast/cluster"
	"github.com/ballast-ml/ballast/internal/jobkey"
)

// Server is the one port of a node: a gRPC server, gossip, and the client side
// of both.
type Server struct {
	addr    string
	tcp     net.Listener
	udp     *net.UDPConn
	grpc    *grpc.Server
	handler atomic.Pointer[cluster.Handler]
	dial    []grpc.DialOption
	log     zerolog.Logger

	tls     *tls.Config // nil: plain connections
	local   *tls.Config // for connections within this machine
	limits  limits
	sniff   chan struct{} // a token for each connection that is in the crowd or about to leave it
	crowd   crowd
	refused *refused
	calls   lane                    // to grpc
	streams lane                    // to memberlist
	beside  beside                  // to those of another kind
	packets chan *memberlist.Packet // to memberlist
	closing chan struct{}
	wg      sync.WaitGroup

	mu struct {
		sync.Mutex
		serving bool
		closed  bool
		peers   map[string]*peer
	}
}

var _ cluster.Network = (*Server)(nil)

// Option changes what Listen does.
type Option func(*options)

type options struct {
	seeds  []string
	server []grpc.ServerOption
	dial   []grpc.DialOption
	log    zerolog.Logger
	tls    *tls.Config
	plain  bool // on loopback
	limits limits
}

// What one gRPC connection may take. The largest message is a cluster's, of 1
// MiB before its envelope; the ring's frames are no larger.
const (
	maxCalls   = 128      // calls and streams at once
	maxHeader  = 16 << 10 // bytes of a call's headers
	maxMessage = 2 << 20  // bytes of a message
)

// Seeds names the addresses that the node will join. They decide where to
// listen if no address is given, and which of the machine's addresses others
// are told.
func Seeds(addrs ...string) Option { return func(o *options) { o.seeds = addrs } }

// ServerOptions adds options of the gRPC server, for instance message sizes of
// other services. Credentials are not among them: see TLS.
func ServerOptions(opts ...grpc.ServerOption) Option {
	return func(o *options) { o.server = append(o.server, opts...) }
}

// DialOptions adds options of the connections that Call makes. Credentials are
// not among them: see TLS.
func DialOptions(opts ...grpc.DialOption) Option {
	return func(o *options) { o.dial = append(o.dial, opts...) }
}

// Log sets where refused connections and the stack of a panicking handler go;
// by default nowhere.
func Log(log zerolog.Logger) Option { return func(o *options) { o.log = log } }

// Listen opens the node's port at addr, a host:port, on TCP and UDP. Port 0
// takes a free one.
//
// With addr empty, the first seed that is an address of this machine and free
// is taken: this node is that seed. Otherwise it is a free port, on loopback
// if there are no seeds or all are loopback addresses, else on all interfaces.
//
// Nothing is served before Serve. ctx bounds the look-up of names.
func Listen(ctx context.Context, addr string, opts ...Option) (*Server, error) {
	o := options{limits: usual}
	for _, opt := range opts {
		opt(&o)
	}
	streams := o.limits.streams
	if o.tls == nil {
		streams = o.limits.strange
	}
	tcp, udp, err := bind(ctx, addr, o.seeds)
	if err != nil {
		return nil, err
	}
	s := &Server{
		addr: reachable(ctx, tcp.Addr().(*net.TCPAddr), o.seeds),
		tcp:  tcp, udp: udp, log: o.log,
		dial: o.dial, limits: o.limits,
		sniff:   make(chan struct{}, o.limits.crowd),
		refused: newRefused(o.log),
		calls:   lane{conns: make(chan net.Conn), places: make(chan struct{}, o.limits.calls)},
		streams: lane{conns: make(chan net.Conn), places: make(chan struct{}, streams), queue: true, most: maxStream},
		packets: make(chan *memberlist.Packet, packetQueue),
		closing: make(chan struct{}),
	}
	if o.tls != nil {
		s.tls = o.tls.Clone()
		s.tls.NextProtos = []string{callProtocol, gossipProtocol}
		s.local = s.tls
		if o.plain {
			s.local = s.tls.Clone()
			s.local.NextProtos = append([]string{jobkey.Local}, s.tls.NextProtos...)
		}
	}
	s.mu.peers = make(map[string]*peer)
	s.grpc = grpc.NewServer(append([]grpc.ServerOption{
		grpc.WaitForHandlers(true),
		grpc.ConnectionTimeout(o.limits.patience),
		grpc.MaxConcurrentStreams(maxCalls),
		grpc.MaxHeaderListSize(maxHeader),
		grpc.MaxRecvMsgSize(maxMessage),
		grpc.ChainUnaryInterceptor(s.recoverUnary),
		grpc.ChainStreamInterceptor(s.recoverStream),
	}, o.server...)...)
	s.grpc.RegisterService(&service, s)
	return s, nil
}

// Addr returns the host:port at which others reach this node: the address
// listened on or, if that is all of them, the machine's address on the route
// to the seeds.
func (s *Server) Addr() string { return s.addr }

// Bound returns the address listened on, which may be all interfaces.
func (s *Server) Bound() string { return s.tcp.Addr().String() }

// Register has f register services. It panics after Serve.
func (s *Server) Register(f func(grpc.ServiceRegistrar)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.mu.serving {
		panic("rpc: Register after Serve")
	}
	f(s.grpc)
}

// beside is one more kind of connection at the port.
type beside struct {
	lane
	first           byte
	protocol, local string
}

// besides is how many connections of another kind there can be at once.
const besides = 64

// Beside has connections of one more kind served at this port: plain ones that
// begin with the byte first, and with TLS those that ask for protocol or, if
// PlainLoopback allows it here, for local, which go on in plain. serve owns the
// connection, with nothing missing; Close waits for it. It panics after Serve.
func (s *Server) Beside(first byte, protocol, local string, serve func(net.Conn)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.mu.serving {
		panic("rpc: Beside after Serve")
	}
	s.beside = beside{lane{places: make(chan struct{}, besides), serve: serve}, first, protocol, local}
	if s.tls == nil {
		return
	}
	plain := s.local != s.tls
	s.tls.NextProtos = append(s.tls.NextProtos, protocol)
	if plain {
		s.local.NextProtos = append(s.local.NextProtos, local, protocol)
	}
}

// Serve starts to answer direct messages with h, to serve the registered
// services and to receive gossip; it does not block. Called again, it only
// replaces h.
func (s *Server) Serve(h cluster.Handler) error {
	s.handler.Store(&h)
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.mu.closed:
		return errClosed
	case s.mu.serving:
		return nil
	}
	s.mu.serving = true
	s.wg.Go(s.accept)
	s.wg.Go(s.receive)
	s.wg.Go(func() {
		// Serve ends when Close stops the server; no other error is possible,
		// since the listener's Accept never fails before.
		_ = s.grpc.Serve(calls{s})
	})
	return nil
}

var errClosed = errors.New("rpc: server is closed")

// Close ends everything at once: streams and calls break, and the port is
// free. It waits for all goroutines and handlers. Later calls do nothing.
func (s *Server) Close() error {
	s.mu.Lock()
	if s.mu.closed {
		s.mu.Unlock()
		return nil
	}
	s.mu.closed = true
	close(s.closing)
	peers := s.mu.peers
	s.mu.peers = nil
	s.mu.Unlock()
	s.crowd.close()

	err := errors.Join(s.tcp.Close(), s.udp.Close())
	for _, p := range peers {
		err = errors.Join(err, p.conn.Close())
	}
	s.grpc.Stop()
	s.wg.Wait()
	s.refused.close()
	return err
}
