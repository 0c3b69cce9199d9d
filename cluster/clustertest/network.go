package clustertest

import (
	"fmt"
	"net"
	"sync"

	"github.com/hashicorp/memberlist"

	"github.com/ballast-ml/ballast/cluster"
)

// Network is a set of endpoints that can reach each other unless told
// otherwise. All methods may be called at any time, from any goroutine.
type Network struct {
	mu    sync.Mutex
	all   map[string]*Endpoint // by address, the dead included
	cuts  map[[2]*Endpoint]bool
	calls sync.WaitGroup // handlers at work
}

// New returns a network without endpoints.
func New() *Network {
	return &Network{all: make(map[string]*Endpoint), cuts: make(map[[2]*Endpoint]bool)}
}

// queue is how many packets or streams wait at an endpoint before more are
// dropped.
const queue = 1024

// Endpoint adds a process on a host of its own, with the next address:
// 10.0.0.1:7946, 10.0.0.2:7946, and so on.
func (n *Network) Endpoint() *Endpoint {
	n.mu.Lock()
	defer n.mu.Unlock()
	i := len(n.all) + 1
	e := &Endpoint{
		net:     n,
		addr:    fmt.Sprintf("10.0.%d.%d:7946", i/250, i%250),
		packets: make(chan *memberlist.Packet, queue),
		streams: make(chan net.Conn, queue),
		dead:    make(chan struct{}),
	}
	n.all[e.addr] = e
	return e
}

// Cut silences the link between a and b, both ways: what is sent is lost, and
// nobody is told.
func (n *Network) Cut(a, b *Endpoint) { n.setCut(a, b, true) }

// Heal restores the link between a and b.
func (n *Network) Heal(a, b *Endpoint) { n.setCut(a, b, false) }

func (n *Network) setCut(a, b *Endpoint, cut bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.cuts[[2]*Endpoint{a, b}], n.cuts[[2]*Endpoint{b, a}] = cut, cut
}

// Partition cuts every link between the groups and heals those within.
func (n *Network) Partition(groups ...[]*Endpoint) {
	for i, g := range groups {
		for j, h := range groups {
			for _, a := range g {
				for _, b := range h {
					n.setCut(a, b, i != j)
				}
			}
		}
	}
}

// Freeze stops e as SIGSTOP does: connections to it are accepted, but nothing
// that is sent to it or by it arrives until Thaw.
func (n *Network) Freeze(e *Endpoint) { n.setFrozen(e, true) }

// Thaw lets a frozen endpoint go on.
func (n *Network) Thaw(e *Endpoint) { n.setFrozen(e, false) }

func (n *Network) setFrozen(e *Endpoint, frozen bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	e.frozen = frozen
}

// Kill ends e as kill -9 does: its streams break and its host refuses
// connections. The node that used it still has to be told to leave, so that
// its goroutines end; nobody will hear its goodbye.
func (n *Network) Kill(e *Endpoint) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if e.killed {
		return
	}
	e.killed = true
	close(e.dead)
	for _, c := range e.conns {
		_ = c.Close()
	}
	e.conns = nil
}

// Close kills all endpoints and waits for the handlers at work.
func (n *Network) Close() {
	n.mu.Lock()
	all := make([]*Endpoint, 0, len(n.all))
	for _, e := range n.all {
		all = append(all, e)
	}
	n.mu.Unlock()
	for _, e := range all {
		n.Kill(e)
	}
	n.calls.Wait()
}

// The ways in which a message can fare.
type fate int

const (
	arrives fate = iota
	isLost       // in silence
	refused      // the host is there, the process is not
	unread       // accepted by a frozen process
)

// fate returns how a message from a to the address fares now.
func (n *Network) fate(a *Endpoint, addr string) (*Endpoint, fate) {
	n.mu.Lock()
	defer n.mu.Unlock()
	b := n.all[addr]
	switch {
	case a.killed || a.frozen || b == nil || n.cuts[[2]*Endpoint{a, b}]:
		return b, isLost
	case b.killed || b.handler == nil:
		return b, refused
	case b.frozen:
		return b, unread
	}
	return b, arrives
}

// Endpoint is one process on the network.
type Endpoint struct {
	net     *Network
	addr    string
	packets chan *memberlist.Packet
	streams chan net.Conn
	dead    chan struct{} // closed when killed

	// Guarded by net.mu.
	handler cluster.Handler
	killed  bool
	frozen  bool
	conns   []net.Conn
}

var _ cluster.Network = (*Endpoint)(nil)

// Addr returns the endpoint's address.
func (e *Endpoint) Addr() string { return e.addr }

// Serve lets others reach e.
func (e *Endpoint) Serve(h cluster.Handler) error {
	e.net.mu.Lock()
	defer e.net.mu.Unlock()
	e.handler = h
	return nil
}
