package cluster

import (
	"context"
	"net"
	"time"

	"github.com/hashicorp/memberlist"
)

// Handler answers a direct message. from is the address the message came from,
// for logs. It is called concurrently and may keep req.
type Handler func(ctx context.Context, from string, req []byte) ([]byte, error)

// Network is all that a node needs of the world: one address that serves both
// direct messages and gossip. cluster/rpc has the one with sockets and
// cluster/clustertest one in memory, with cuts. Whoever makes a Network closes
// it, after the node has left.
type Network interface {
	// Addr is the host:port at which others reach this node.
	Addr() string
	// Serve starts to answer direct messages with h and to receive gossip. It
	// does not block. Called again, it replaces h.
	Serve(h Handler) error
	// Call sends a direct message and returns the answer. The error wraps
	// ErrRefused if the host of addr says that nobody listens there, and a
	// *RefusedError if a node there has another secret, or only one of the two
	// has any.
	Call(ctx context.Context, addr string, req []byte) ([]byte, error)
	Gossip
}

// Gossip carries what memberlist sends, with the meaning of the methods of
// memberlist.Transport.
type Gossip interface {
	WriteTo(b []byte, addr string) (time.Time, error)
	PacketCh() <-chan *memberlist.Packet
	DialTimeout(addr string, timeout time.Duration) (net.Conn, error)
	StreamCh() <-chan net.Conn
}
