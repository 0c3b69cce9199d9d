package cluster

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// The first round: the leader asks for votes, and composes a roster from them.

// begin asks the candidates for their votes.
func (s *state) begin(ctx context.Context, candidates []Member, why string, now time.Time) {
	n := s.node
	s.ballot.withdraw(n.self.Name)
	g := s.ballot.next()
	if err := s.ballot.promise(g, n.self.Name); err != nil { // somebody has used up the numbers
		s.reason, s.retry = err.Error(), now.Add(lackPause)
		return
	}
	ctx, cancel := context.WithCancel(ctx)
	a := &attempt{generation: g, why: why, good: s.need() == "", cancel: cancel, waiting: make(map[string]Member)}
	a.votes = []voted{{n.self, s.ownVote()}}
	s.attempt = a
	n.log.Debug().Uint64("generation", g).Str("why", why).Str("ask", names(candidates)).Msg("asking for votes")
	q := request{Generation: g, Member: n.self, Identity: n.cfg.Identity, Shards: n.cfg.Shards, Groups: n.cfg.Groups, Known: s.knownMark, Dead: s.proofs()}
	for _, m := range candidates {
		if m.Name == n.self.Name {
			continue
		}
		a.waiting[m.Name] = m
		patience := s.patience(m)
		n.wg.Go(func() {
			var v vote
			err := persist(ctx, patience, func(ctx context.Context) error {
				v = vote{}
				_, err := n.caller.ask(ctx, m.Addr, m.Name, kindRequest, q, &v)
				return err
			})
			n.post(func(ctx context.Context, s *state) { s.voted(ctx, g, m, v, err) })
		})
	}
	s.tally(ctx, now)
}

const (
	// newcomerPatience bounds the wait for the vote of a node that is in no
	// ring, and hurriedPatience the same while there is no ring.
	newcomerPatience = time.Second
	hurriedPatience  = 300 * time.Millisecond
)

// patience returns how long m may take to vote. A member of a ring has the
// time that any question gives it.
func (s *state) patience(m Member) time.Duration {
	switch {
	case s.concerns(m.Name):
		return s.node.cfg.Silence
	case s.need() != "" && s.known.Generation > 0:
		return hurriedPatience
	default:
		return newcomerPatience
	}
}

// voted takes the vote of m on the generation, or that there was none.
func (s *state) voted(ctx context.Context, generation uint64, m Member, v vote, err error) {
	now := time.Now()
	a := s.attempt
	mine := a != nil && a.generation == generation && a.roster.Generation == 0
	if bad := v.check(); bad != nil {
		v = vote{Promised: v.Promised, Reason: bad.Error()}
	}
	if err != nil {
		s.unanswered(ctx, m, err, mine, now)
	} else {
		s.heard(m, now)
		s.ballot.raise(v.Promised)
		s.takeProofs(ctx, v.Dead)
		if v.Done {
			s.meet(m, now).done = true
		}
		if err := s.learn(ctx, v.Committed, now); err != nil {
			s.node.log.Warn().Err(err).Str("peer", m.Name).Msg("ignored a roster")
		}
		if s.knownMark.after(v.Committed.mark()) {
			s.inform(ctx, s.known, []Member{m})
		}
	}
	if s.attempt != a || !mine {
		return // over, perhaps by what the vote told us
	}
	delete(a.waiting, m.Name)
	_, was := s.known.Rank(m.Name)
	switch {
	case err != nil || v.Done:
	case v.Granted:
		a.votes = append(a.votes, voted{m, v})
	case v.Differs != nil && s.ballot.Committed.Generation == 0:
		s.abandon(ctx, refused(m, v.Differs.swap()))
		return
	case v.Differs != nil:
		s.meet(m, now).barred = now.Add(lastBar)
	case v.Promised >= generation || was || s.known.Generation == 0:
		s.giveUp(fmt.Sprintf("%s does not vote for generation %d: %s", at(m), generation, v.Reason))
		s.contested(now)
		return
	}
	s.tally(ctx, now)
}

// unanswered takes in that m did not answer a question of the formation. If it
// was asked long enough, its silence is a verdict.
func (s *state) unanswered(ctx context.Context, m Member, err error, mine bool, now time.Time) {
	p := s.meet(m, now)
	switch reason := proof(m, err); {
	case reason != "":
		s.died(ctx, p, reason)
	case !mine:
	case s.concerns(m.Name):
		s.silenced(ctx, p, fmt.Sprintf("no answer for %v", s.node.cfg.Silence))
	default:
		s.node.log.Info().Err(err).Str("peer", m.Name).Msg("a node that wants to join does not answer")
		p.exclude(now, notNow)
	}
}

// excuse goes on without waiting for the answer of a process that is lost.
func (s *state) excuse(ctx context.Context, name string, now time.Time) {
	a := s.attempt
	if a == nil {
		return
	}
	if _, waits := a.waiting[name]; !waits {
		return
	}
	delete(a.waiting, name)
	if a.roster.Generation > 0 {
		s.giveUp(fmt.Sprintf("%s was lost before it accepted generation %d", name, a.generation))
		s.retry = now
		return
	}
	s.tally(ctx, now)
}

// tally composes the roster once all have voted, and offers it.
func (s *state) tally(ctx context.Context, now time.Time) {
	a := s.attempt
	if a == nil || len(a.waiting) > 0 || a.roster.Generation > 0 {
		return
	}
	dead := s.dead()
	for _, v := range a.votes {
		for _, o := range v.vote.Dead {
			dead[o.Name] = true
		}
	}
	for _, v := range a.votes { // who votes is not dead, whatever others believe
		delete(dead, v.member.Name)
	}
	out := s.ofPeers(func(p *peer) bool { return now.Before(p.barred) })
	c, reason := compose(poll{a.votes, s.known, dead, s.done(), out, s.culprit(now)}, s.node.cfg.policy())
	if reason != "" {
		s.giveUp(reason)
		s.retry = now.Add(lackPause)
		return
	}
	if s.need() == "" && !slices.ContainsFunc(c.members, func(m Member) bool { _, in := s.known.Rank(m.Name); return !in }) {
		s.postpone(a.votes, now)
		s.giveUp("nobody can join now")
		return
	}
	for _, m := range c.witnesses { // it is the last ring's business that they are left out
		if p := s.peers[m.Name]; p != nil && !now.Before(p.barred) {
			p.exclude(now, firstBar)
		}
	}
	s.offer(ctx, c, now)
}

// notNow is how long a node that could not be taken in is passed over at first.
const notNow = 500 * time.Millisecond

// postpone passes over those who are here, but in no ring, and could not be
// taken in: until they ask for it, if their programs do not wait for a ring.
func (s *state) postpone(votes []voted, now time.Time) {
	for _, v := range votes {
		if p := s.peers[v.member.Name]; p != nil && v.vote.Idle {
			p.idle = true
		}
	}
	for name, p := range s.peers {
		if _, in := s.known.Rank(name); !in && s.isPresent(p, now) {
			p.exclude(now, notNow)
		}
	}
}
