package cluster

import (
	"context"
	"errors"
	"time"
)

// Each member of a ring watches the next one that is not lost: it asks a
// question whose answer is held back for a moment. When a process dies, the
// kernel closes its connections and the question fails at once, long before
// gossip would probe the dead; when one falls silent, the answer is missed. It
// costs two questions a second and one idle connection a node, whatever the
// size of the ring. The answer needs nothing of the answerer but its runtime,
// and carries the news of a later ring.

// watchHold is how long the answer is held back.
const watchHold = 500 * time.Millisecond

// watching is the question of a watcher.
type watching struct {
	Known mark `json:"known"` // the last roster that the watcher knows to be committed
}

// news answers it.
type news struct {
	Known *Roster `json:"known,omitempty"` // a later one
}

// watch keeps watching the right member.
func (s *state) watch(ctx context.Context) {
	s.watching.to(ctx, s.node, s.next(), s.node.watch)
}

// next returns the member to watch: the one of the next rank that is not known
// to be lost, in the ring that is being formed if there is one. It is nobody
// for a node that is in no ring, and after the run.
func (s *state) next() Member {
	r := s.ballot.latest()
	rank, in := r.Rank(s.node.self.Name)
	if !in || s.finished || s.outside && s.known.Generation >= r.Generation {
		return Member{}
	}
	for i := 1; i < len(r.Members); i++ {
		m := r.Members[(rank+i)%len(r.Members)]
		if p := s.peers[m.Name]; p != nil && p.dead == "" && p.silent == "" {
			return m
		}
	}
	return Member{}
}

// watch watches m until ctx ends.
func (n *Node) watch(ctx context.Context, m Member) {
	heard := time.Now()
	for pause := range backoff() {
		ask, cancel := context.WithTimeout(ctx, watchHold+callTimeout)
		var got news
		_, known := n.knows()
		_, err := n.caller.ask(ask, m.Addr, m.Name, kindWatch, watching{known}, &got)
		cancel()
		switch {
		case ctx.Err() != nil:
			return
		case err == nil:
			heard = time.Now()
			if got.Known != nil {
				n.post(func(ctx context.Context, s *state) { s.toldBy(ctx, m, *got.Known) })
			}
		case errors.Is(err, context.DeadlineExceeded):
			n.post(func(ctx context.Context, s *state) {
				s.consider(ctx, suspect{loss: Loss{Peer: m.Name, Reason: "it does not answer its watcher"}, heard: heard})
			})
		default:
			n.post(func(ctx context.Context, s *state) {
				s.suspect(ctx, Loss{Peer: m.Name, Reason: "the connection that watches it broke: " + err.Error()})
			})
		}
		if err != nil && !wait(ctx, pause) {
			return
		}
	}
}

// watched answers a watcher after watchHold, at once if it does not know the
// last ring, or when this node ends.
func (n *Node) watched(ctx context.Context, w watching) (any, error) {
	if r, last := n.knows(); last.after(w.Known) {
		return news{&r}, nil
	}
	t := time.NewTimer(watchHold)
	defer t.Stop()
	select {
	case <-t.C:
		return news{}, nil
	case <-n.done:
		return nil, ErrLeft
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// toldBy takes in a roster that m says is committed.
func (s *state) toldBy(ctx context.Context, m Member, r Roster) {
	if err := s.learn(ctx, r, time.Now()); err != nil {
		s.node.log.Debug().Err(err).Str("peer", m.Name).Msg("ignored a roster")
	}
}
