package cluster

import (
	"context"
	"fmt"
	"strings"
	"time"
)

// state is all that a node knows. Exactly one goroutine, Node.run, touches it:
// questions from other nodes, answers to our own, and the program's calls
// arrive there as functions.
type state struct {
	node      *Node
	ballot    ballot
	known     Roster // the last roster that anybody is known to have committed
	knownMark mark   // its mark
	outside   bool   // it lacks this node, which was in one before
	peers     map[string]*peer
	deadline  time.Time // by when the first ring must be formed

	// Forming a ring.
	joined    bool      // a seed has welcomed us, or we are one
	attempt   *attempt  // our own proposal under way
	retry     time.Time // no proposal before
	reason    string    // why there is no ring
	says      string    // what the leader says about it
	err       error     // why there will be none
	formedAt  time.Time // when the current ring was agreed
	contests  int       // attempts in a row that others stood in the way of
	pace      time.Duration
	deferring struct { // to a leader that does not propose
		to    string
		since time.Time
	}
	aside time.Time // no proposal before: the others have found this node to hang
	full  time.Time // since when the ring has had no place for this node

	// The ring.
	over        string // why the current roster is not to be trained on; "": it is
	loss        *Loss  // the first loss that ended it
	suspects    map[string]*suspect
	accusations []accusation // of this ring, in order
	watching    follow
	pleading    follow
	hang        hangs
	search      search
	finished    bool
	farewell    goodbye
}

// follow is a goroutine that keeps asking one other member.
type follow struct {
	name   string
	cancel context.CancelFunc
}

// to makes the goroutine follow the member called name, or nobody, by starting
// f unless it does so already.
func (f *follow) to(ctx context.Context, n *Node, m Member, ask func(context.Context, Member)) {
	if m.Name == f.name {
		return
	}
	if f.cancel != nil {
		f.cancel()
	}
	f.name, f.cancel = m.Name, nil
	if m.Name == "" {
		return
	}
	ctx, f.cancel = context.WithCancel(ctx)
	n.wg.Go(func() { ask(ctx, m) })
}

func newState(n *Node, now time.Time) *state {
	return &state{
		node: n, deadline: now.Add(n.cfg.StartTimeout),
		peers:    make(map[string]*peer),
		suspects: make(map[string]*suspect),
		search:   search{seeds: make(map[string]string)},
		ballot:   ballot{Promised: n.cfg.Generation},
		farewell: goodbye{Reason: "it was stopped before the run was over"},
	}
}

// tick bounds how long the state is left alone: the hang of a step, the end of
// a bar and the like are noticed so much later at most.
const tick = 500 * time.Millisecond

// run is the goroutine that owns the state: it takes one event at a time and
// then does what the new state calls for.
func (n *Node) run(ctx context.Context, s *state) {
	defer close(n.done)
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case f := <-n.events:
			f(ctx, s)
		case <-n.gossip.view.changed:
			s.see(ctx, n.gossip.view.members(), n.gossip.view.takeDoubts(), time.Now())
		case <-timer.C:
		case <-n.quit:
			return
		}
		now := time.Now()
		next := earliest(s.form(ctx, now), s.examineDue(ctx, now))
		s.examineHang(ctx, now)
		s.searchMissing(ctx, now)
		s.watch(ctx)
		s.plead(ctx, now)
		n.waits(s.waitingFor())
		timer.Reset(earliest(next, now.Add(tick)).Sub(now))
	}
}

// earliest returns the earlier of two times; zero means never.
func earliest(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

// see takes in a new view of gossip.
func (s *state) see(ctx context.Context, members []Member, doubts map[string]string, now time.Time) {
	before := s.ofPeers(func(p *peer) bool { return p.seen })
	for _, m := range members {
		if m.Name == s.node.self.Name {
			continue
		}
		p := s.meet(m, now)
		if !p.seen {
			s.node.log.Debug().Str("member", m.Name).Str("addr", m.Addr).Msg("gossip found a member")
			if !s.isPresent(p, now) {
				p.came = now
				s.retry = time.Time{}
			}
			p.seen = true
		}
		delete(before, m.Name)
	}
	for name := range before {
		s.node.log.Debug().Str("member", name).Msg("gossip gave a member up")
		s.peers[name].seen = false
		s.suspect(ctx, Loss{Peer: name, Reason: "gossip has given it up"})
	}
	for name, why := range doubts {
		s.suspect(ctx, Loss{Peer: name, Reason: "gossip cannot reach it: " + why})
	}
}

// need says why this node needs another ring; "": it is in a good one.
func (s *state) need() string {
	switch {
	case s.ballot.Committed.Generation == 0:
		return "there has been no ring yet"
	case s.outside:
		return fmt.Sprintf("ring %d was formed without this node", s.known.Generation)
	default:
		return s.over
	}
}

// waitingFor says why there is no ring, for people; "": there is one.
func (s *state) waitingFor() string {
	switch {
	case s.need() == "" || s.finished || s.err != nil:
		return ""
	case s.attempt != nil && s.reason == "":
		return "forming a ring"
	case s.says != "" && s.pleading.name != "":
		return given(s.pleading.name) + " says: " + s.says
	default:
		return s.reason
	}
}

// reasonOf returns an error's text as a reason that travels.
func reasonOf(err error) string { return clip(strings.TrimPrefix(err.Error(), "cluster: ")) }

// clip bounds a reason that travels.
func clip(reason string) string { return reason[:min(len(reason), 2000)] }
