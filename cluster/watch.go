package cluster

import (
	"context"
	"errors"
	"time"
)

// Each member of a ring watches the next one that is not lost: it asks a
// question whose answer is held back. When a process dies, the kernel closes
// its connections and the question fails at once, long before gossip would
// probe the dead. The cost is one idle connection per node, whatever the size
// of the ring. Silence is left to gossip.

// watchHold is how long the answer is held back.
const watchHold = 20 * time.Second

// watch keeps watching the right member. It must be called after every event.
func (s *state) watch(ctx context.Context) {
	target := s.next()
	if target.Name == s.watching.name {
		return
	}
	if s.watching.cancel != nil {
		s.watching.cancel()
	}
	s.watching.name, s.watching.cancel = target.Name, nil
	if target.Name == "" {
		return
	}
	ctx, s.watching.cancel = context.WithCancel(ctx)
	s.node.wg.Go(func() { s.node.watch(ctx, target) })
}

// next returns the member to watch: the one of the next rank that is not known
// to be gone. It is nobody before the ring is formed and after the run.
func (s *state) next() Member {
	r := s.ballot.Committed
	rank, in := r.Rank(s.node.self.Name)
	if !in || s.finished {
		return Member{}
	}
	for i := 1; i < len(r.Members); i++ {
		m := r.Members[(rank+i)%len(r.Members)]
		if !s.lost[m.Name] && !s.gone[m.Name] {
			return m
		}
	}
	return Member{}
}

// watch watches m until ctx ends.
func (n *Node) watch(ctx context.Context, m Member) {
	for pause := range backoff() {
		ask, cancel := context.WithTimeout(ctx, watchHold+callTimeout)
		err := n.caller.tell(ask, m, kindWatch, nothing{})
		cancel()
		if ctx.Err() != nil {
			return
		}
		if err != nil && !errors.Is(err, context.DeadlineExceeded) {
			n.post(func(ctx context.Context, s *state) {
				s.suspect(ctx, Loss{Peer: m.Name, Reason: "the connection that watches it broke: " + err.Error()}, false)
			})
		}
		if !wait(ctx, pause) {
			return
		}
	}
}

// watched answers a watcher after watchHold, or when this node ends.
func (n *Node) watched(ctx context.Context) (any, error) {
	t := time.NewTimer(watchHold)
	defer t.Stop()
	select {
	case <-t.C:
		return nothing{}, nil
	case <-n.done:
		return nil, ErrLeft
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
