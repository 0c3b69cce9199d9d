package rpc

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/experimental"
	"google.golang.org/grpc/keepalive"

	"github.com/ballast-ml/ballast/allreduce"
	"github.com/ballast-ml/ballast/allreduce/shm"
)

// Keepalive finds a machine that vanished; a process that died is noticed at
// once, by its closed connections. The server must allow what the client does
// (ServerOptions), or it ends the connection with "too_many_pings".
const (
	pingAfter   = 10 * time.Second // the least gRPC lets a client ask
	pingTimeout = 3 * time.Second
)

// wayTimeout is how long the nodes of an edge try to open a way other than
// gRPC.
const wayTimeout = 2 * time.Second

// Options are the optional settings of a transport.
type Options struct {
	// TLS encrypts the connection to the next node, which must be a server with
	// TLS then; nil: it is not encrypted. jobkey.TLS makes one.
	TLS *tls.Config
	// PlainLoopback only authenticates the next node by TLS if it is on this
	// machine and allows that: what is sent is not encrypted.
	PlainLoopback bool
	// Way says how frames travel: GRPC, which is the zero value, or what else
	// the two nodes of an edge can agree on. The receiving node offers what its
	// own setting allows, the sending one takes the fastest that it allows.
	Way Way
	// Port says that the server of this node's address hands connections for
	// frames to Join (see DataByte): only then are they offered.
	Port bool
	// Arena is the size of the memory that this node sends from.
	Arena shm.Size
	// Dial opens the connections to the next node; nil: without any proxy.
	Dial func(ctx context.Context, addr string) (net.Conn, error)
	// DialOptions are added when dialling the next node.
	DialOptions []grpc.DialOption
}

// Transport makes links over gRPC. One serves a process, for one ring after
// the other.
type Transport struct {
	options Options
	dial    []grpc.DialOption
	mu      struct {
		sync.Mutex
		newest  allreduce.Topology       // the newest opened; zero: none
		links   map[allreduce.Edge]*link // of its edges; may have ended
		changed chan struct{}            // closed and replaced when links changes
		parked  int                      // streams that are not part of a link
		waiting map[shm.Nonce]chan<- net.Conn
	}
}

var _ allreduce.Transport = (*Transport)(nil)

// New returns a transport. Register it before the server serves.
func New(o Options) *Transport {
	t := &Transport{options: o, dial: append([]grpc.DialOption{
		grpc.WithTransportCredentials(o.credentials()),
		grpc.WithDisableServiceConfig(),
		grpc.WithWriteBufferSize(ioBuffer),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(maxMessage)),
		grpc.WithContextDialer(o.dialer()),
		grpc.WithKeepaliveParams(keepalive.ClientParameters{Time: pingAfter, Timeout: pingTimeout, PermitWithoutStream: true}),
		grpc.WithConnectParams(grpc.ConnectParams{Backoff: backoff.DefaultConfig, MinConnectTimeout: 5 * time.Second}),
	}, o.DialOptions...)}
	t.mu.changed = make(chan struct{})
	t.mu.waiting = make(map[shm.Nonce]chan<- net.Conn)
	return t
}

// ServerOptions returns what the server that carries a Transport must be
// created with.
func ServerOptions() []grpc.ServerOption {
	return []grpc.ServerOption{
		grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: pingAfter / 2, PermitWithoutStream: true}),
		grpc.KeepaliveParams(keepalive.ServerParameters{Time: pingAfter, Timeout: pingTimeout}),
		grpc.MaxRecvMsgSize(maxMessage),
		grpc.ReadBufferSize(ioBuffer),
		experimental.BufferPool(new(pieces)),
		grpc.StaticStreamWindowSize(window), grpc.StaticConnWindowSize(window),
	}
}

// A window of a fixed size holds some frames, and asks for no measurement of
// the path, whose pings cost small messages a fifth of their time; what a peer
// can leave unread here is bounded by it. Buffers hold a few of HTTP/2's pieces.
const (
	window   = 1 << 20
	ioBuffer = 64 << 10
)

// maxMessage bounds a message in bytes: a frame or a hello has 1 MiB and a
// header. Other services of the server must do with it too.
const maxMessage = 2 << 20

// Register adds the ring's service to a server.
func (t *Transport) Register(s grpc.ServiceRegistrar) { s.RegisterService(&serviceDesc, t) }

// streamer is what the service needs of its implementation.
type streamer interface{ stream(grpc.ServerStream) error }

const method = "/ballast.allreduce.Ring/Stream"

var serviceDesc = grpc.ServiceDesc{
	ServiceName: "ballast.allreduce.Ring",
	HandlerType: (*streamer)(nil),
	Streams: []grpc.StreamDesc{{
		StreamName:    "Stream",
		ServerStreams: true,
		ClientStreams: true,
		Handler:       func(srv any, ss grpc.ServerStream) error { return srv.(streamer).stream(ss) },
	}},
}

// Open implements allreduce.Transport. Addrs are HOST:PORT of the nodes'
// servers. It fails at once if the next node refuses the connection.
func (t *Transport) Open(ctx context.Context, top allreduce.Topology) (allreduce.Link, error) {
	if len(top.Addrs) != top.Nodes() {
		return nil, fmt.Errorf("%w: no addresses", allreduce.ErrShape)
	}
	life, cancel := context.WithCancel(context.WithoutCancel(ctx)) // the link outlives ctx
	l := newLink(t, top, cancel)
	if err := t.enter(l); err != nil {
		cancel()
		return nil, err
	}
	stop := context.AfterFunc(ctx, func() { l.fail(context.Cause(ctx)) })
	err := l.dialNext(life)
	if err == nil {
		l.start()
		err = l.awaitPrev()
	}
	if !stop() && err == nil { // ctx ended in the last moment
		err = context.Cause(ctx)
	}
	if err != nil {
		l.fail(err)
		err = l.err() // why it failed first
		l.Close()
		return nil, err
	}
	return l, nil
}

// enter makes l the one to which streams of the previous node on its edge are
// given.
func (t *Transport) enter(l *link) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	cur, edge := t.mu.newest, l.t.Hello().Edge
	same := cur.Run == l.t.Run && cur.Generation == l.t.Generation
	if t.mu.links != nil && cur.Run == l.t.Run && cur.Generation > l.t.Generation || same && t.mu.links[edge] != nil {
		return fmt.Errorf("%w: opening generation %d after %d", allreduce.ErrStale, l.t.Generation, cur.Generation)
	}
	if t.mu.links == nil || !same {
		t.mu.newest, t.mu.links = l.t, make(map[allreduce.Edge]*link)
	}
	t.mu.links[edge] = l
	close(t.mu.changed)
	t.mu.changed = make(chan struct{})
	return nil
}
