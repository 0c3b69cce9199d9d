package cluster

import (
	"errors"
	"fmt"
	"net"
	"os"
	"time"

	"github.com/rs/zerolog"
)

// Config says who a node is and which ring it wants.
type Config struct {
	// Name is shown to people and orders the roster: ranks follow the names
	// byte by byte, so pad numbers (n01, n02). It is made unique by a suffix.
	// Letters, digits, '.', '_' and '-', at most 64.
	Name string
	// Advertise is the host:port or host that others are told to use; empty:
	// Network.Addr().
	Advertise string
	// Join lists host:port addresses of nodes to look for, this node's own
	// perhaps among them: then it is a seed and waits to be found. One that
	// answers is enough; the others are tried until the ring is formed, and
	// again whenever this node is without one. Empty: this node looks for
	// nobody.
	Join []string
	// Secret encrypts the gossip and authenticates direct messages; empty:
	// neither.
	Secret []byte
	// Identity is what all nodes must have in common.
	Identity Identity
	// Shards is the number of shards. Nodes beyond it are spares: members of
	// the ring, last in it, without a shard.
	Shards int
	// Groups, if positive, is a number of equal runs of the shards that no node
	// may have parts of two of, and that nodes share alike if they share them;
	// it divides Shards. 0: nodes may have any run of shards.
	Groups int
	// Nodes is how many nodes form the first ring. 0: as many as come, at least
	// two, once nobody new has come for Settle; or, without Join, this one
	// alone.
	Nodes int
	// Min and Max bound the later rings. Below Min nodes, all wait for more;
	// 0: one. No more than Max are taken in; 0: 1024.
	Min, Max int
	// Quorum is how many members of the last ring must be in the next one; 0:
	// a majority, as the package's documentation says.
	Quorum int
	// Generation is the highest generation known from a checkpoint: all
	// rosters will be above it.
	Generation uint64
	// Token tells run directories apart; at most 64 bytes, may be empty.
	Token string
	// Settle is the quiet time of Nodes 0; 0: one second.
	Settle time.Duration
	// StartTimeout is how long to wait for the others until this node is in a
	// ring for the first time; 0: ten minutes. Later it waits for ever.
	StartTimeout time.Duration
	// Silence is how long a member may leave questions unanswered before it
	// counts as lost; 0: four seconds. A member whose host refuses the
	// connection is lost at once.
	Silence time.Duration
	// Network carries messages and gossip. Leave does not close it.
	Network Network
	// Waiting, if not nil, is told why there is no ring whenever that changes,
	// and "" when one is agreed. It must return at once and must not call the
	// node.
	Waiting func(reason string)
	// Log receives what goroutines have nobody to return to. Its writer is
	// used by several of them at once.
	Log zerolog.Logger
}

// filled returns c with defaults for the zero durations, or all that is wrong
// with it. A missing Network is a programmer's mistake.
func (c Config) filled() (Config, error) {
	if c.Network == nil {
		panic("cluster: Config.Network is nil")
	}
	for _, d := range []struct {
		v       *time.Duration
		unless0 time.Duration
	}{{&c.Settle, time.Second}, {&c.StartTimeout, 10 * time.Minute}, {&c.Silence, 4 * time.Second}} {
		if *d.v == 0 {
			*d.v = d.unless0
		}
	}
	errs := []error{checkName(c.Name)}
	bad := func(format string, args ...any) { errs = append(errs, fmt.Errorf("cluster: "+format, args...)) }
	if c.Shards < 1 {
		bad("%d shards: want at least 1", c.Shards)
	} else if c.Nodes > c.Shards {
		errs = append(errs, tooMany(c.Nodes, c.Shards))
	}
	if c.Groups < 0 || c.Groups > 0 && c.Shards%c.Groups != 0 {
		bad("%d groups of shards: want 0 (none) or a number that divides the %d shards", c.Groups, c.Shards)
	}
	if c.Nodes < 0 {
		bad("%d nodes: want 0 (as many as come) or more", c.Nodes)
	}
	if c.Generation >= maxGeneration {
		bad("generation %d: want less than %d", c.Generation, uint64(maxGeneration))
	}
	if c.Min < 0 || c.Max < 0 || c.Quorum < 0 || c.Max > 0 && c.Min > c.Max {
		bad("between %d and %d nodes, quorum %d: want numbers from 0 up, the first not above the second", c.Min, c.Max, c.Quorum)
	}
	if len(c.Identity.Run) > 255 {
		bad("run label of %d bytes: at most 255", len(c.Identity.Run))
	}
	if len(c.Token) > maxToken {
		bad("token of %d bytes: at most %d", len(c.Token), maxToken)
	}
	for _, a := range c.Join {
		if err := checkAddr(a); err != nil {
			bad("join address %q: %v", a, err)
		}
	}
	if c.Settle < 0 || c.StartTimeout < 0 || c.Silence < 0 {
		bad("negative duration: settle %v, start timeout %v, silence %v", c.Settle, c.StartTimeout, c.Silence)
	}
	return c, errors.Join(errs...)
}

// checkAddr reports whether a is a host:port that can be dialled.
func checkAddr(a string) error {
	host, port, err := net.SplitHostPort(a)
	if err != nil || host == "" || port == "" || port == "0" || len(a) > maxAddr {
		return errors.New("want HOST:PORT, as in 10.0.0.5:7946")
	}
	return nil
}

// self returns the member that c describes.
func (c Config) self() (Member, error) {
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	addr, err := advertised(c.Advertise, c.Network.Addr())
	if err != nil {
		return Member{}, err
	}
	m := Member{Name: uniqueName(c.Name), Addr: addr, Host: host[:min(len(host), maxHost)], Token: c.Token}
	return m, m.check()
}

// advertised returns the address that others are told: advertise, with the
// port of the network's own address if it has none.
func advertised(advertise, own string) (string, error) {
	if advertise == "" {
		return own, nil
	}
	if _, _, err := net.SplitHostPort(advertise); err == nil {
		return advertise, checkAddr(advertise)
	}
	_, port, err := net.SplitHostPort(own)
	if err != nil {
		return "", fmt.Errorf("cluster: advertised address %q has no port, and neither has %q", advertise, own)
	}
	return net.JoinHostPort(advertise, port), nil
}

// policy returns what decide needs of c.
func (c Config) policy() policy {
	return policy{
		Nodes: c.Nodes, Min: c.Min, Max: c.Max, Quorum: c.Quorum,
		Shards: c.Shards, Join: len(c.Join) > 0, Settle: c.Settle,
	}
}
