package cluster

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"time"

	"github.com/hashicorp/memberlist"
	"github.com/rs/zerolog"
)

// gossip is memberlist as this package uses it: a source of hints about who is
// there. What follows from a hint is decided elsewhere.
type gossip struct {
	view *view
	list *memberlist.Memberlist
}

// startGossip makes self visible to whoever joins it.
func startGossip(ctx context.Context, self Member, cfg Config, key []byte) (*gossip, error) {
	addrs, err := resolve(ctx, self.Addr)
	if err != nil {
		return nil, fmt.Errorf("cluster: the address to advertise: %w", err)
	}
	ip, port := net.IP(addrs[0].Addr().AsSlice()), int(addrs[0].Port())
	v := newView(cfg.Log)
	c := tuned(memberlist.DefaultLANConfig())
	c.Name = self.Name
	c.Label = cfg.Identity.Run
	c.SecretKey = key
	c.Transport = &transport{Network: cfg.Network, view: v, ip: ip, port: port}
	c.BindAddr, c.BindPort = ip.String(), port
	c.AdvertiseAddr, c.AdvertisePort = ip.String(), port
	c.Events = v
	c.Delegate = meta(encodeMeta(self))
	c.LogOutput = bridge{sparse(cfg.Log.With().Str("from", "gossip").Logger())}
	list, err := memberlist.Create(c)
	if err != nil {
		return nil, fmt.Errorf("cluster: starting gossip: %w", err)
	}
	return &gossip{view: v, list: list}, nil
}

// tuned changes memberlist's LAN profile for training. Probes are frequent, so
// that a death is suspected within half a second; but a processor busy with
// matrix products answers late, so a suspect has two to four seconds to refute
// and every verdict is checked by a direct question anyway (see examine).
// Gossip goes round every 50 ms so that a ring forms soon after the last node
// has come; packets are few and small, and compressing them would cost more
// than all the rest.
func tuned(c *memberlist.Config) *memberlist.Config {
	c.ProbeInterval = 250 * time.Millisecond
	c.ProbeTimeout = 100 * time.Millisecond
	c.SuspicionMult = 8
	c.SuspicionMaxTimeoutMult = 2
	c.GossipInterval = 50 * time.Millisecond
	c.GossipNodes = 4
	c.EnableCompression = false
	c.GossipToTheDeadTime = time.Minute
	c.PushPullInterval = 5 * time.Second
	c.TCPTimeout = 2 * time.Second
	c.IndirectChecks = 2
	return c
}

// join makes the node at addr, an IP address and port, and all it knows known
// to us, and us to them. It blocks for a few seconds at most.
func (g *gossip) join(addr string) error {
	if _, err := g.list.Join([]string{addr}); err != nil {
		return fmt.Errorf("cluster: joining the gossip at %s: %w", addr, err)
	}
	return nil
}

// close spreads the word that we leave, for as long as patience lasts, and
// stops.
func (g *gossip) close(patience time.Duration) error {
	if patience > 0 {
		// An error only says that nobody confirmed it in time; the members
		// have heard it directly.
		_ = g.list.Leave(patience)
	}
	if err := g.list.Shutdown(); err != nil {
		return fmt.Errorf("cluster: stopping gossip: %w", err)
	}
	return nil
}

// meta is the memberlist delegate of a node whose metadata never changes and
// which sends no messages by gossip.
type meta []byte

func (m meta) NodeMeta(int) []byte           { return m }
func (meta) NotifyMsg([]byte)                {}
func (meta) GetBroadcasts(_, _ int) [][]byte { return nil }
func (meta) LocalState(bool) []byte          { return nil }
func (meta) MergeRemoteState([]byte, bool)   {}

// transport is a Network as memberlist sees it.
type transport struct {
	Network
	view *view
	ip   net.IP
	port int
}

var _ memberlist.NodeAwareTransport = (*transport)(nil)

// FinalAdvertiseAddr returns the address decided at the start, whatever
// memberlist would prefer.
func (t *transport) FinalAdvertiseAddr(string, int) (net.IP, int, error) { return t.ip, t.port, nil }

// WriteToAddress sends a packet.
func (t *transport) WriteToAddress(b []byte, a memberlist.Address) (time.Time, error) {
	return t.WriteTo(b, a.Addr)
}

// DialAddressTimeout dials, and notes members that cannot be reached or do not
// answer.
func (t *transport) DialAddressTimeout(a memberlist.Address, timeout time.Duration) (net.Conn, error) {
	c, err := t.DialTimeout(a.Addr, timeout)
	if err != nil {
		t.view.doubt(a.Name, err)
		return nil, err
	}
	return &watched{Conn: c, timedOut: func(err error) { t.view.doubt(a.Name, err) }}, nil
}

// watched is a stream that says when its peer does not answer: a stopped
// process still accepts connections.
type watched struct {
	net.Conn
	timedOut func(error)
}

// Read reads from the stream.
func (w *watched) Read(p []byte) (int, error) {
	n, err := w.Conn.Read(p)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		w.timedOut(err)
	}
	return n, err
}

// Shutdown leaves the Network open: its owner closes it.
func (t *transport) Shutdown() error { return nil }

// bridge turns memberlist's log lines into events of the node's log.
type bridge struct{ log zerolog.Logger }

// Write takes one line.
func (b bridge) Write(p []byte) (int, error) {
	level, text := parseLine(string(p))
	b.log.WithLevel(level).Msg(text)
	return len(p), nil
}
