package cluster

import (
	"context"
	"errors"
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

// end ends the training on the current ring.
func (s *state) end(why string, cause error) {
	if s.over == "" {
		s.over = why
	}
	s.node.sessions.end(s.ballot.Committed.Generation, cause)
}

// learn takes in that r was committed by its members, whether this node is one
// of them or not. Only members send it.
func (s *state) learn(ctx context.Context, r Roster, now time.Time) error {
	if !r.mark().after(s.knownMark) {
		return nil
	}
	if err := r.check(); err != nil {
		return err
	}
	self := s.node.self
	i, in := r.Rank(self.Name)
	if in && r.Members[i] != self {
		return fmt.Errorf("cluster: generation %d does not list %s as it is", r.Generation, at(self))
	}
	if in {
		before := s.ballot.Committed
		if err := s.ballot.commit(r); err != nil {
			return err
		}
		s.settlePace(before, r, now)
		s.adopted(ctx, r, now)
		return nil
	}
	s.know(r, s.ballot.Committed.Generation > 0)
	s.ballot.settle(r.Generation)
	for _, m := range r.Members {
		s.meet(m, now)
	}
	s.giveUp("a later ring has been formed")
	if s.outside {
		why := fmt.Sprintf("ring %d was formed without this node", r.Generation)
		s.end(why, &SupersededError{r.Generation, why})
	}
	return nil
}

// know notes the last roster that anybody is known to have committed.
func (s *state) know(r Roster, outside bool) {
	s.known, s.knownMark, s.outside = r, r.mark(), outside
	s.node.know(r)
}

// adopted makes r, with this node in it, the ring to train on.
func (s *state) adopted(ctx context.Context, r Roster, now time.Time) {
	s.know(r, false)
	s.meetFirst()
	s.giveUp("")
	s.over, s.reason, s.says, s.accusations, s.formedAt, s.full = "", "", "", nil, now, time.Time{}
	s.contests, s.loss = 0, nil
	for _, m := range r.Members {
		if m.Name == s.node.self.Name {
			continue
		}
		p := s.meet(m, now)
		p.silent, p.barred = "", time.Time{}
	}
	rank, _ := r.Rank(s.node.self.Name)
	s.node.log.Info().Uint64("generation", r.Generation).Int("rank", rank).Strs("members", r.Names()).Msg("ring agreed")
	s.node.sessions.end(r.Generation-1, &SupersededError{r.Generation, "a later ring has been formed"})
	s.node.publish(r, nil)
	for _, m := range r.Members {
		p := s.peers[m.Name]
		switch {
		case p == nil: // this node
		case p.dead != "": // it has died since it accepted the roster
			s.lose(Loss{Peer: m.Name, Reason: p.dead})
		case !p.seen:
			s.suspect(ctx, Loss{Peer: m.Name, Reason: "gossip does not see it"})
		}
	}
}

// committed takes the word that all have accepted r.
func (s *state) committed(ctx context.Context, r Roster) any {
	if err := s.learn(ctx, r, time.Now()); err != nil {
		return err
	}
	return nothing{}
}

// fail ends the search for a first ring with an error for Await.
func (s *state) fail(err error) {
	if s.err != nil || s.ballot.Committed.Generation > 0 {
		return
	}
	s.giveUp("")
	s.err = err
	s.farewell.Reason = reasonOf(err)
	s.node.publish(Roster{}, err)
}

// stopped takes a leader's word that no ring can be formed.
func (s *state) stopped(from, reason string) any {
	s.fail(fmt.Errorf("cluster: %s stopped the formation of the ring: %s", from, clip(reason)))
	return nothing{}
}

// parted takes a goodbye. After a completed run it is no loss to those who do
// not need the one who left: they finish, or their ring breaks and they report
// it.
func (s *state) parted(ctx context.Context, from string, g goodbye) any {
	p := s.peers[from]
	if p == nil {
		return nothing{}
	}
	if g.Stop {
		s.stopped(from, g.Reason)
	}
	p.left, p.done = true, g.Done
	if g.Done {
		s.died(ctx, p, "it has completed the run")
	} else {
		s.died(ctx, p, "it left: "+clip(g.Reason))
	}
	return nothing{}
}

// finish notes how the run ended here.
func (s *state) finish(cause error) {
	s.finished = true
	clear(s.suspects)
	s.giveUp("")
	if s.farewell = (goodbye{Done: true}); cause != nil {
		s.farewell = goodbye{Reason: reasonOf(cause)}
	}
}

// reasonOf returns an error's text as a reason that travels.
func reasonOf(err error) string { return clip(strings.TrimPrefix(err.Error(), "cluster: ")) }

// clip bounds a reason that travels.
func clip(reason string) string { return reason[:min(len(reason), 2000)] }

// proof says what a failed call proves about the process that was called; "":
// nothing.
func proof(m Member, err error) string {
	switch {
	case errors.Is(err, ErrRefused):
		return "nothing listens at " + m.Addr + " any more"
	case errors.Is(err, errReplaced):
		return "another process listens at " + m.Addr + " now"
	default:
		return ""
	}
}
