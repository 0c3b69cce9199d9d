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
	addr string
	err  error // nil: welcome; errSelf: it is us
	last bool  // false: a passing trouble, the search goes on
}

// seek looks for the nodes at the join addresses, each in a goroutine of its
// own that tries until it is answered, and returns when the first has welcomed
// us or turns out to be us, or one refuses us for good. The searches that are
// still on then go on in the background, under running, until the ring is
// formed: two seeds that started at once and missed each other would never
// meet otherwise.
func (n *Node) seek(ctx, running context.Context) error {
	if len(n.cfg.Join) == 0 {
		n.post(func(_ context.Context, s *state) { s.joined = true })
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
			case !k.last:
				if trouble[k.addr] == nil {
					n.log.Info().Str("seed", k.addr).Err(k.err).Msg("waiting for a node to join")
				}
				trouble[k.addr] = k.err
			case k.err == nil || errors.Is(k.err, errSelf):
				n.post(func(_ context.Context, s *state) { s.joined = true })
				return nil
			default:
				return k.err
			}
		case <-timeout.C:
			return n.unanswered(trouble)
		case <-ctx.Done():
			return fmt.Errorf("cluster: joining %s: %w", strings.Join(n.cfg.Join, ", "), context.Cause(ctx))
		}
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

// knock says hello at addr and, if welcome, joins the gossip there.
func (n *Node) knock(ctx context.Context, addr string) knock {
	err := n.caller.introduce(ctx, addr, n.cfg.Identity)
	if err == nil {
		if err = n.gossip.join(ctx, addr); err == nil {
			return knock{addr, nil, true}
		}
		return knock{addr, err, false}
	}
	var differs *RefusedError
	var late *FormedError
	last := errors.Is(err, errSelf) || errors.As(err, &differs) || errors.As(err, &late)
	return knock{addr, err, last}
}

// formed reports whether there is a roster.
func (n *Node) formed() bool {
	n.public.Lock()
	defer n.public.Unlock()
	return n.public.roster.Generation > 0
}
