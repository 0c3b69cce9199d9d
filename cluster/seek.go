package cluster

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

// knock is what came of the search for one join address.
type knock struct {
	addr  string
	found string // the name of who answered there; empty: nobody, or several
	err   error  // nil: welcome; errSelf: it is us
	last  bool   // false: the search goes on
}

// seek looks for the nodes at the join addresses, each in a goroutine of its
// own that tries until it is answered, and returns when the first has welcomed
// us or turns out to be us, when another node has found us, or when one refuses
// us for good. The searches that are
// still on then go on in the background, under running, until the ring is
// formed: two seeds that started at once and missed each other would never
// meet otherwise.
func (n *Node) seek(ctx, running context.Context) error {
	if len(n.cfg.Join) == 0 {
		n.post(func(_ context.Context, s *state) { s.meetFirst() })
		return nil
	}
	results := make(chan knock)
	found := make(chan struct{}) // closed: nobody reads results any more
	defer close(found)
	for _, addr := range n.cfg.Join {
		n.wg.Go(func() { n.search(running, addr, results, found) })
	}
	timeout := time.NewTimer(n.cfg.StartTimeout)
	defer timeout.Stop()
	trouble := make(map[string]error)
	for {
		select {
		case k := <-results:
			switch {
			case k.err == nil || errors.Is(k.err, errSelf):
				n.post(func(_ context.Context, s *state) { s.meetFirst() })
				return nil
			case !k.last:
				if trouble[k.addr] == nil {
					n.log.Info().Str("seed", k.addr).Err(k.err).Msg("waiting for a node to join")
				}
				trouble[k.addr] = k.err
			default:
				return k.err
			}
		case <-n.found:
			return nil
		case <-timeout.C:
			return n.unanswered(trouble)
		case <-ctx.Done():
			return fmt.Errorf("cluster: joining %s: %w", strings.Join(n.cfg.Join, ", "), context.Cause(ctx))
		}
	}
}

// meetFirst notes that this node is not alone any more, or is meant to be.
func (s *state) meetFirst() {
	if !s.joined {
		s.joined = true
		close(s.node.found)
	}
}

// unanswered is the error of seeds that never came.
func (n *Node) unanswered(trouble map[string]error) error {
	var b strings.Builder
	for i, addr := range n.cfg.Join {
		if i > 0 {
			b.WriteString("; ")
		}
		b.WriteString(addr)
		if err := trouble[addr]; err != nil {
			fmt.Fprintf(&b, " (%v)", err)
		}
	}
	return fmt.Errorf("cluster: nobody answered within %v at %s: start a node there, or check the address, the port and the firewall",
		n.cfg.StartTimeout, b.String())
}

// search tries addr until it is answered for good, the ring is formed, or the
// node ends.
func (n *Node) search(ctx context.Context, addr string, results chan<- knock, found <-chan struct{}) {
	for pause := range backoff() {
		k := n.knock(ctx, addr)
		select {
		case results <- k:
		case <-found:
			if k.last && k.err != nil && !errors.Is(k.err, errSelf) {
				n.post(func(_ context.Context, s *state) { s.fail(k.err) })
			}
		case <-ctx.Done():
			return
		}
		if k.last || !wait(ctx, pause) || n.formed() {
			return
		}
	}
}

// knock says hello at every IP address of addr, until one welcomes us and we
// have joined the gossip there, or one refuses us for good. A name can stand
// for all nodes at once, as that of a headless service does; this node is then
// one of them, which does not end the search for the others.
func (n *Node) knock(ctx context.Context, addr string) knock {
	ips, err := resolve(ctx, addr)
	if err != nil {
		return knock{addr: addr, err: err}
	}
	var self bool
	var trouble error
	for _, ip := range ips {
		found, w, err := n.caller.introduce(ctx, ip.String(), n.cfg.Identity)
		if err == nil {
			n.meet(w)
			err = n.gossip.join(ip.String())
		}
		if len(ips) > 1 {
			found = ""
		}
		var differs *RefusedError
		var late *FormedError
		switch {
		case err == nil, errors.As(err, &differs), errors.As(err, &late):
			return knock{addr, found, err, true}
		case errors.Is(err, errSelf):
			self = true
		default:
			trouble = err
		}
	}
	if self {
		return knock{addr, n.self.Name, errSelf, trouble == nil}
	}
	return knock{addr: addr, err: trouble}
}

// meet takes in who has welcomed us.
func (n *Node) meet(w welcome) {
	n.post(func(ctx context.Context, s *state) {
		s.heard(w.Member, time.Now())
		var theirs mark
		if w.Known != nil {
			theirs = w.Known.mark()
			s.toldBy(ctx, w.Member, *w.Known)
		}
		if s.knownMark.after(theirs) {
			s.inform(ctx, s.known, []Member{w.Member})
		}
	})
}

// formed reports whether this node has been in a ring.
func (n *Node) formed() bool {
	n.public.Lock()
	defer n.public.Unlock()
	return n.public.roster.Generation > 0
}
