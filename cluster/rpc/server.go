package rpc

import (
	"context"
	"errors"
	"net"
	"sync"
	"sync/atomic"

	"github.com/hashicorp/memberlist"
	"github.com/rs/zerolog"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/ballast-ml/ballast/cluster"
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

	sniff   chan struct{}           // a token for each connection whose kind is not known yet
	calls   chan net.Conn           // to grpc
	streams chan net.Conn           // to memberlist
	packets chan *memberlist.Packet // to memberlist
	closing chan struct{}
	wg      sync.WaitGroup

	mu struct {
		sync.Mutex
		serving bool
		closed  bool
		unknown map[net.Conn]struct{} // accepted, no byte seen yet
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
}

// Seeds names the addresses that the node will join. They decide where to
// listen if no address is given, and which of the machine's addresses others
// are told.
func Seeds(addrs ...string) Option { return func(o *options) { o.seeds = addrs } }

// ServerOptions adds options of the gRPC server, for instance credentials and
// message sizes of other services.
func ServerOptions(opts ...grpc.ServerOption) Option {
	return func(o *options) { o.server = append(o.server, opts...) }
}

// DialOptions adds options of the connections that Call makes, for instance
// credentials; without any, connections are not encrypted.
func DialOptions(opts ...grpc.DialOption) Option {
	return func(o *options) { o.dial = append(o.dial, opts...) }
}

// Log sets where the stack of a panicking handler goes; by default nowhere.
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
	var o options
	for _, opt := range opts {
		opt(&o)
	}
	tcp, udp, err := bind(ctx, addr, o.seeds)
	if err != nil {
		return nil, err
	}
	s := &Server{
		addr: reachable(ctx, tcp.Addr().(*net.TCPAddr), o.seeds),
		tcp:  tcp, udp: udp, log: o.log,
		dial:    append([]grpc.DialOption{grpc.WithTransportCredentials(insecure.NewCredentials())}, o.dial...),
		sniff:   make(chan struct{}, maxUnknown),
		calls:   make(chan net.Conn),
		streams: make(chan net.Conn),
		packets: make(chan *memberlist.Packet, packetQueue),
		closing: make(chan struct{}),
	}
	s.mu.unknown = make(map[net.Conn]struct{})
	s.mu.peers = make(map[string]*peer)
	s.grpc = grpc.NewServer(append([]grpc.ServerOption{
		grpc.WaitForHandlers(true),
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

// Register has f register services. It panics after Serve.
func (s *Server) Register(f func(grpc.ServiceRegistrar)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.mu.serving {
		panic("rpc: Register after Serve")
	}
	f(s.grpc)
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
	for c := range s.mu.unknown {
		_ = c.Close() // its goroutine gets the error
	}
	s.mu.Unlock()

	err := errors.Join(s.tcp.Close(), s.udp.Close())
	for _, p := range peers {
		err = errors.Join(err, p.conn.Close())
	}
	s.grpc.Stop()
	s.wg.Wait()
	return err
}
