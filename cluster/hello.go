package cluster

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// A joiner asks a seed for a challenge, then says hello: the challenge, who it
// is, and its identity, signed with the secret. Only then does it gossip. So a
// node that does not belong is refused before anyone has heard of it, and is
// told why, which gossip alone would not do.

// errSelf says that a join address is this node's own.
var errSelf = errors.New("cluster: this is the node itself")

// introduce says hello to whoever is at addr. It returns the name of who is
// there, what that node answered, and nil if we are welcome, errSelf, a
// *RefusedError, a *FormedError, or a passing trouble.
func (c caller) introduce(ctx context.Context, addr string, id Identity) (name string, w welcome, err error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	var ch challenged
	seed, err := c.ask(ctx, addr, "", kindChallenge, nothing{}, &ch)
	if seed == c.self.Name {
		return seed, w, errSelf
	}
	otherSecret := errors.Is(err, errSecret) // ask on: the seed knows whether the run is the reason
	if err != nil && !otherSecret {
		return seed, w, err
	}
	peer := Member{Name: seed, Addr: addr}
	_, err = c.ask(ctx, addr, seed, kindHello, hello{ch.Challenge, c.self, id}, &w)
	switch {
	case errors.Is(err, errSecret):
		otherSecret = true
	case err != nil:
		return seed, w, err
	}
	switch {
	case w.Differs != nil:
		err = refused(peer, w.Differs.swap())
	case otherSecret:
		err = refused(peer, difference{FieldSecret, "one", "another"})
	case w.Over != nil:
		err = formed(*w.Over, "its run is over")
	case w.Stopped != "":
		err = fmt.Errorf("cluster: node %s has given up: %s", at(peer), w.Stopped)
	}
	return seed, w, err
}

// greet answers a hello.
func (n *Node) greet(ctx context.Context, from string, q *envelope) (any, error) {
	var h hello
	if err := q.open(&h); err != nil {
		return nil, err
	}
	if !n.challenges.take(h.Challenge) {
		return nil, errors.New("cluster: this challenge was not issued here, or long ago: ask for another")
	}
	if err := h.Member.check(); err != nil {
		return nil, err
	}
	if q.To != n.self.Name || q.From != h.Member.Name {
		return nil, fmt.Errorf("cluster: hello from %s as %s to %s at %s", q.From, h.Member.Name, q.To, n.self.Name)
	}
	if d, ok := n.compareHello(q, h); ok {
		n.strangers.Warn().Str("peer", from).Str("name", h.Member.Name).Str("differs", d.Field).
			Str("ours", d.Ours).Str("theirs", d.Theirs).Msg("refused a node")
		return welcome{Differs: &d}, nil
	}
	return inquire(ctx, n, q, func(_ context.Context, s *state, _ hello) any { return s.welcomed(from, h.Member) })
}

// compareHello returns the first thing in which the joiner differs.
func (n *Node) compareHello(q *envelope, h hello) (difference, bool) {
	if d, ok := compareRun(n.cfg.Identity, h.Identity); ok {
		return d, true
	}
	if !q.genuine(n.caller.key, question) {
		return secretDifference(n.caller.key, q.MAC), true
	}
	return compare(n.cfg.Identity, h.Identity)
}

// welcomed decides about a joiner that belongs to the run.
func (s *state) welcomed(from string, m Member) welcome {
	r := s.known
	switch {
	case s.err != nil:
		return welcome{Stopped: s.err.Error()}
	case s.finished:
		s.node.strangers.Warn().Str("peer", from).Str("name", m.Name).Msg("refused a node: the run is over")
		return welcome{Over: &r}
	}
	s.heard(m, time.Now())
	s.meetFirst()
	w := welcome{Member: s.node.self}
	if r.Generation > 0 {
		w.Known = &r
	}
	return w
}

// callTimeout bounds a direct question whose answer is expected at once.
const callTimeout = time.Second
