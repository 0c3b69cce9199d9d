package cluster

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"
)

// A node that needs a ring and does not lead asks the leader for one, again and
// again: that is how the leader learns of a newcomer that gossip has not shown
// it yet, of a member whose ring broke, of one that was expelled and is back,
// and of one that accepted a roster and never heard that it was committed. It
// is also how the death of a leader is noticed while there is no ring.

// plea asks the leader for a ring.
type plea struct {
	Member     Member     `json:"member"`         // the sender
	Generation uint64     `json:"generation"`     // of the last ring that it was in
	Known      mark       `json:"known"`          // the last one that it knows of
	Need       string     `json:"need"`           // why it needs another
	Loss       *Loss      `json:"loss,omitempty"` // the loss that ended the last, if there was any
	Dead       []obituary `json:"dead,omitempty"` // members of the rings that matter who are proved dead
}

// relief answers a plea.
type relief struct {
	Known  *Roster `json:"known,omitempty"`  // a later ring than the sender knows of
	Leader *Member `json:"leader,omitempty"` // who leads, if it is another
	Says   string  `json:"says,omitempty"`   // why there is no ring yet
	Full   string  `json:"full,omitempty"`   // why there is no place in the ring
	Done   bool    `json:"done,omitempty"`   // the run is over for the one that was asked
}

// The pauses between pleas: they matter most in the first moments.
const (
	firstPlea = 50 * time.Millisecond
	lastPlea  = 500 * time.Millisecond
)

// plead keeps asking the leader for a ring, if this node needs one. A program
// that does not wait for a ring, though it was in one before, does not get one.
func (s *state) plead(ctx context.Context, now time.Time) {
	var to Member
	if s.need() != "" && s.joined && !s.finished && s.err == nil &&
		(!s.outside || s.node.awaited()) {
		name := leader(s.rulers(now), s.known)
		if p := s.peers[name]; p != nil {
			to = p.member
		}
	}
	if to.Name == "" {
		s.says = ""
	}
	s.pleading.to(ctx, s.node, to, s.node.plead)
}

// rulers returns those of the present who may lead.
func (s *state) rulers(now time.Time) []Member {
	all := s.present(now)
	if now.Before(s.aside) && len(all) > 1 {
		all = slices.DeleteFunc(all, func(m Member) bool { return m.Name == s.node.self.Name })
	}
	return all
}

// plead asks m for a ring until ctx ends.
func (n *Node) plead(ctx context.Context, m Member) {
	for pause := firstPlea; ; pause = min(2*pause, lastPlea) {
		var q plea
		made := make(chan struct{})
		if !n.post(func(_ context.Context, s *state) {
			q = plea{n.self, s.ballot.Committed.Generation, s.knownMark, clip(s.need()), s.loss, s.proofs()}
			close(made)
		}) {
			return
		}
		<-made
		if q.Need == "" {
			return // the end of the pleading is under way
		}
		var r relief
		heard := time.Now()
		ask, cancel := context.WithTimeout(ctx, callTimeout)
		_, err := n.caller.ask(ask, m.Addr, m.Name, kindPlea, q, &r)
		cancel()
		if ctx.Err() != nil || !n.post(func(ctx context.Context, s *state) { s.relieved(ctx, m, r, err, heard) }) || !wait(ctx, pause) {
			return
		}
	}
}

// relieved takes the answer to a plea.
func (s *state) relieved(ctx context.Context, m Member, r relief, err error, asked time.Time) {
	now := time.Now()
	p := s.meet(m, now)
	if err != nil {
		if reason := proof(m, err); reason != "" {
			s.died(ctx, p, reason)
			return
		}
		s.consider(ctx, suspect{loss: Loss{Peer: m.Name, Reason: "it does not answer a plea: " + err.Error()}, heard: asked})
		return
	}
	s.heard(m, now)
	s.says = cmp.Or(r.Full, r.Says)
	if r.Done {
		p.done = true
	}
	if r.Leader != nil {
		s.spokenOf(*r.Leader, now)
	}
	if r.Known != nil {
		s.toldBy(ctx, m, *r.Known)
	}
	s.noPlace(r.Full, now)
}

// pleaded answers a plea.
func (s *state) pleaded(ctx context.Context, q plea, from string) any {
	now := time.Now()
	if q.Member.Name != from {
		return fmt.Errorf("cluster: plea of %s in the name of %s", from, q.Member.Name)
	}
	if s.finished {
		return relief{Done: true}
	}
	s.heard(q.Member, now)
	if p := s.peers[from]; p != nil {
		p.idle = false
	}
	s.takeProofs(ctx, q.Dead)
	r := relief{Says: s.waitingFor()}
	if s.knownMark.after(q.Known) {
		known := s.known
		r.Known = &known
	}
	if name := leader(s.rulers(now), s.known); name != s.node.self.Name {
		if p := s.peers[name]; p != nil {
			m := p.member
			r.Leader, r.Says = &m, at(m)+" leads"
		}
		if _, in := s.known.Rank(from); in { // it pleads here because it has lost the leader that we see
			s.consider(ctx, suspect{loss: Loss{Peer: name, Reason: from + " does not reach it"}, told: true})
		}
		return r
	}
	_, member := s.known.Rank(from)
	switch {
	case !member:
		r.Full = s.fullFor(from, now)
	case q.Need != "" && q.Generation == s.known.Generation && s.need() == "" && !s.outside && s.looksItself(q):
		r.Says = at(s.node.self) + " looks whether " + q.Loss.Peer + " hangs"
	case q.Need != "" && q.Generation == s.known.Generation && s.need() == "" && !s.outside:
		s.over = from + " needs a new ring: " + clip(q.Need)
		if q.Loss != nil && q.Loss.Generation == q.Generation {
			s.loss = q.Loss
		}
		s.node.log.Info().Str("member", from).Msg("a member needs a new ring: " + clip(q.Need))
	}
	return r
}

// looksItself has the flight records examined if the plea is about a member
// that hangs, and reports whether that comes first: who hangs votes like all
// others, so that a ring formed at once would have it as a member again.
func (s *state) looksItself(q plea) bool {
	if q.Loss == nil || !q.Loss.Hung || q.Loss.Generation != q.Generation || s.hang.looked == q.Generation {
		return false
	}
	s.hang.hurried = q.Generation
	return true
}

// fullFor says why there is no place in the ring for a newcomer; "": there is.
func (s *state) fullFor(name string, now time.Time) string {
	pol, here := s.node.cfg.policy(), 0
	for _, m := range s.present(now) {
		if _, in := s.known.Rank(m.Name); in && m.Name != name {
			here++
		}
	}
	if s.known.Generation == 0 || here < pol.most() {
		return ""
	}
	return fmt.Sprintf("it has %d of at most %d nodes", here, pol.most())
}

// noPlace takes in that the ring is full, or not. A node that was in it before
// waits for a place; another is turned away, though not at once: the ring may
// be about to notice a death.
func (s *state) noPlace(full string, now time.Time) {
	switch {
	case full == "":
		s.full = time.Time{}
	case s.full.IsZero():
		s.full = now
	case now.Sub(s.full) > 2*s.node.cfg.Silence && s.ballot.Committed.Generation == 0:
		s.fail(formed(s.known, full))
	}
}
