package rpc_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"testing"

	"go.uber.org/goleak"

	"github.com/ballast-ml/ballast/allreduce"
	"github.com/ballast-ml/ballast/allreduce/allreducetest"
	"github.com/ballast-ml/ballast/allreduce/rpc"
	"github.com/ballast-ml/ballast/allreduce/shm"
	"github.com/ballast-ml/ballast/internal/jobkey"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestTransport(t *testing.T) {
	allreducetest.Run(t, func(t *testing.T, nodes int) allreducetest.Net { return loopback(t, nodes) })
}

func TestTransportOverTCP(t *testing.T) {
	allreducetest.Run(t, func(t *testing.T, nodes int) allreducetest.Net { return connected(t, nodes, rpc.Options{Way: rpc.TCP}) })
}

func TestTransportOverMemory(t *testing.T) {
	allreducetest.Run(t, func(t *testing.T, nodes int) allreducetest.Net { return connected(t, nodes, shared) })
}

// shared has all payloads go through memory, however small.
var shared = rpc.Options{Way: rpc.Memory, Arena: shm.Size{Least: -1, Worth: -1, Free: 1 << 20}}

func TestTransportOverTLS(t *testing.T) {
	allreducetest.Run(t, func(t *testing.T, nodes int) allreducetest.Net { return encrypted(t, nodes) })
}

// TestPlainLoopback moves bytes over streams that only begin with TLS; how
// they go on is TestTransport's.
func TestPlainLoopback(t *testing.T) {
	const nodes = 3
	rings := authenticated(t, nodes).Form(t, allreducetest.Bounds(8, nodes), allreduce.Sizes{})
	sent := bytes.Repeat([]byte("all for one"), 1<<17)
	errs := allreducetest.Each(nodes, func(r int) error {
		got, err := rings[r].At(1).Broadcast(t.Context(), 1, sent)
		if err == nil && !bytes.Equal(got, sent) {
			err = fmt.Errorf("rank %d got something else", r)
		}
		return err
	})
	if err := errors.Join(errs...); err != nil {
		t.Error(err)
	}
}

// TestOtherSecret has nodes of two jobs dial each other.
func TestOtherSecret(t *testing.T) {
	for name, o := range map[string]rpc.Options{
		"another": {TLS: secured(t, "another secret")}, "none": {},
		"another, plain loopback": {TLS: secured(t, "another secret"), PlainLoopback: true},
	} {
		net := encrypted(t, 2)
		stranger := newProcess(t, o)
		net.Transports[0] = stranger.transport
		_, err := allreduce.Form(t.Context(), net.Transports[0], net.Topology(0, allreducetest.Bounds(8, 2), allreduce.Sizes{}))
		pe, ok := errors.AsType[*allreduce.PeerError](err)
		if !ok || pe.Rank != 1 || !errors.Is(err, allreduce.ErrLost) {
			t.Errorf("%s: %v, want a PeerError of rank 1: ErrLost", name, err)
		}
	}
}

// loopback is a net of nodes with a server each on 127.0.0.1.
func loopback(t testing.TB, nodes int) allreducetest.Net {
	return connected(t, nodes, rpc.Options{})
}

// encrypted is a loopback net with mutual TLS.
func encrypted(t testing.TB, nodes int) allreducetest.Net {
	return connected(t, nodes, rpc.Options{TLS: secured(t, "a secret of the job")})
}

// authenticated is a loopback net with mutual TLS for the handshake alone.
func authenticated(t testing.TB, nodes int) allreducetest.Net {
	return connected(t, nodes, rpc.Options{TLS: secured(t, "a secret of the job"), PlainLoopback: true})
}

// secured returns the credentials of a job.
func secured(t testing.TB, secret string) *tls.Config {
	config, err := jobkey.TLS([]byte(secret))
	if err != nil {
		t.Fatal(err)
	}
	return config
}

func connected(t testing.TB, nodes int, o rpc.Options) allreducetest.Net {
	procs := make([]*process, nodes)
	var n allreducetest.Net
	for r := range procs {
		procs[r] = newProcess(t, o)
		n.Transports = append(n.Transports, procs[r].transport)
		n.Addrs = append(n.Addrs, procs[r].addr)
	}
	n.Kill = func(r int) { procs[r].kill() }
	return n
}

// process is a node whose sockets can all be closed at once, as the kernel does
// with those of a process that dies.
type process struct {
	transport *rpc.Transport
	addr      string
	listener  net.Listener
	killed    atomic.Bool
	mu        sync.Mutex
	conns     []net.Conn
}

func newProcess(t testing.TB, o rpc.Options) *process {
	p := new(process)
	o.Dial = func(ctx context.Context, addr string) (net.Conn, error) {
		return p.track(new(net.Dialer).DialContext(ctx, "tcp", addr))
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	e := rpc.NewEndpoint(tracked{l, p}, o)
	p.transport, p.listener, p.addr = e.Transport, l, e.Addr
	t.Cleanup(e.Close)
	return p
}

func (p *process) track(c net.Conn, err error) (net.Conn, error) {
	if err != nil {
		return nil, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.conns = append(p.conns, c)
	if p.killed.Load() {
		c.Close()
	}
	return mortal{c.(*net.TCPConn), p}, nil
}

func (p *process) kill() {
	p.killed.Store(true)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.listener.Close()
	for _, c := range p.conns {
		c.Close()
	}
}

// mortal is a connection on which a dead process says nothing, not even about
// those of its sockets that were closed a moment earlier.
type mortal struct {
	*net.TCPConn
	p *process
}

func (c mortal) Write(b []byte) (int, error) {
	if c.p.killed.Load() {
		return 0, net.ErrClosed
	}
	return c.TCPConn.Write(b)
}

// tracked is a listener whose connections the process knows.
type tracked struct {
	net.Listener
	p *process
}

func (l tracked) Accept() (net.Conn, error) { return l.p.track(l.Listener.Accept()) }
