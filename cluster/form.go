package cluster

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// attempt is a proposal of ours that is being voted on.
type attempt struct {
	roster  Roster
	waiting int // votes still to come
}

// retryPause is how long a leader waits after a failed attempt, unless the
// view changes before: whoever refused may know better in a moment.
const retryPause = 50 * time.Millisecond

// form makes a proposal if the state calls for one. It returns when time alone
// may call for one.
func (s *state) form(ctx context.Context, now time.Time) time.Time {
	if s.err != nil || s.ballot.Committed.Generation > 0 {
		return time.Time{}
	}
	if !now.Before(s.deadline) {
		s.fail(fmt.Errorf("cluster: no ring after %v: %s: start the missing nodes with the same command, and check that they can reach %s",
			s.node.cfg.StartTimeout, s.reason, s.node.self.Addr))
		return time.Time{}
	}
	if !s.joined || s.attempt != nil {
		return s.deadline
	}
	if now.Before(s.retry) {
		return earliest(s.retry, s.deadline)
	}
	d := decide(now, s.node.self.Name, s.members, s.newest, s.silent, s.node.cfg.policy())
	if d.Reason != "" && d.Reason != s.reason {
		s.reason = d.Reason
		s.node.waits(d.Reason)
		s.node.log.Info().Msg(d.Reason)
	}
	switch {
	case d.Err != nil:
		s.abandon(ctx, d.Err)
	case d.Propose != nil:
		s.propose(ctx, d.Propose)
	}
	return earliest(d.Again, s.deadline)
}

// propose asks the members for their promise. Each question has its goroutine,
// and each ends within callTimeout.
func (s *state) propose(ctx context.Context, members []Member) {
	n := s.node
	r := s.ballot.propose(members, n.cfg.Shards, 0)
	s.attempt = &attempt{roster: r, waiting: len(r.Members) - 1}
	p := proposal{Roster: r, Identity: n.cfg.Identity}
	for _, m := range r.Members {
		if m.Name == n.self.Name {
			continue
		}
		n.wg.Go(func() {
			ctx, cancel := context.WithTimeout(ctx, callTimeout)
			defer cancel()
			var v vote
			_, err := n.caller.ask(ctx, m.Addr, m.Name, kindPropose, p, &v)
			n.post(func(ctx context.Context, s *state) { s.voted(ctx, r.Generation, m, v, err) })
		})
	}
	s.decideAttempt(ctx)
}

// voted takes the vote of m on our proposal of a generation.
func (s *state) voted(ctx context.Context, generation uint64, m Member, v vote, err error) {
	s.ballot.Promised = max(s.ballot.Promised, v.Promised)
	if v.Differs != nil && s.err == nil {
		s.abandon(ctx, refused(m, v.Differs.swap()))
		return
	}
	if v.Committed != nil {
		if err := s.adopt(ctx, *v.Committed); err != nil {
			s.giveUp(fmt.Sprintf("%s trains in another ring: %v", at(m), err))
		}
		return
	}
	s.silent[m.Name] = err != nil
	if s.attempt == nil || s.attempt.roster.Generation != generation {
		return // of an attempt that is over
	}
	switch {
	case err != nil:
		s.giveUp(fmt.Sprintf("%s did not answer the proposal: %v", at(m), err))
	case !v.Accepted:
		s.giveUp(fmt.Sprintf("%s refused generation %d: %s", at(m), generation, v.Reason))
	default:
		s.attempt.waiting--
		s.decideAttempt(ctx)
	}
}

// giveUp ends the attempt; form makes another in a moment.
func (s *state) giveUp(reason string) {
	s.attempt = nil
	s.reason = reason
	s.retry = time.Now().Add(retryPause)
	s.node.log.Debug().Msg(reason)
}

// decideAttempt commits the attempt once everybody has accepted it, unless we
// have promised ourselves to a later one meanwhile.
func (s *state) decideAttempt(ctx context.Context) {
	if s.attempt.waiting > 0 {
		return
	}
	r := s.attempt.roster
	s.attempt = nil
	if s.ballot.Accepted.Hash() != r.Hash() {
		return
	}
	if err := s.adopt(ctx, r); err != nil {
		panic("cluster: our own roster does not pass: " + err.Error())
	}
	for _, m := range r.Members {
		if m.Name != s.node.self.Name {
			s.inform(ctx, m)
		}
	}
}

// considered answers a proposal.
func (s *state) considered(from string, p proposal) any {
	if s.err != nil {
		return vote{Promised: s.ballot.Promised, Reason: "this node has given up: " + s.err.Error()}
	}
	v := s.ballot.vote(p, from, s.node.self, s.node.cfg.Identity, s.members, s.node.cfg.policy())
	switch {
	case v.Accepted:
		s.attempt = nil // overtaken: ours can no longer be committed
	case v.Differs != nil:
		proposer, _ := p.Roster.named(from)
		s.fail(refused(proposer, *v.Differs))
		s.farewell.Stop = true
	}
	return v
}

// committed takes the word that all have accepted r.
func (s *state) committed(ctx context.Context, r Roster) any {
	if err := s.adopt(ctx, r); err != nil {
		return err
	}
	return nothing{}
}

// adopt makes r the current roster.
func (s *state) adopt(ctx context.Context, r Roster) error {
	before := s.ballot.Committed.Generation
	err := s.ballot.commit(r, s.node.self)
	var late *FormedError
	if errors.As(err, &late) {
		s.fail(late)
		return nil // the sender has done its part
	}
	if err != nil || before == r.Generation {
		return err
	}
	s.attempt = nil
	rank, _ := r.Rank(s.node.self.Name)
	s.node.log.Info().Uint64("generation", r.Generation).Int("rank", rank).Strs("members", r.Names()).Msg("ring agreed")
	s.node.publish(r, nil)
	s.node.waits("")
	s.turnAway(ctx, s.members)
	for _, m := range r.Members {
		if _, here := s.find(m.Name); !here && m.Name != s.node.self.Name {
			s.suspect(ctx, Loss{Peer: m.Name, Reason: "gossip does not see it"}, false)
		}
	}
	return nil
}

// inform tells m the committed roster until it answers or is lost.
func (s *state) inform(ctx context.Context, m Member) {
	if s.told[m.Name] {
		return
	}
	s.told[m.Name] = true
	n, body := s.node, commit{s.ballot.Committed}
	n.wg.Go(func() {
		err := persist(ctx, n.cfg.Silence, func(ctx context.Context) error { return n.caller.tell(ctx, m, kindCommit, body) })
		if err != nil {
			n.post(func(ctx context.Context, s *state) {
				s.suspect(ctx, Loss{Peer: m.Name, Reason: "it did not take the roster: " + err.Error()}, false)
			})
		}
	})
}

// turnAway tells those of members that are not in the ring that it is formed.
// Every member of the ring does so, since a late one may see only some of them.
func (s *state) turnAway(ctx context.Context, members []Member) {
	r := s.ballot.Committed
	if r.Generation == 0 {
		return
	}
	for _, m := range members {
		if _, in := r.Rank(m.Name); !in {
			s.inform(ctx, m)
		}
	}
}

// abandon ends the formation here and everywhere.
func (s *state) abandon(ctx context.Context, err error) {
	s.fail(err)
	s.farewell.Stop = true // should Leave be faster than the word itself
	n, body := s.node, stop{Reason: reasonOf(err)}
	for _, m := range s.others() {
		n.wg.Go(func() {
			err := persist(ctx, n.cfg.Silence, func(ctx context.Context) error { return n.caller.tell(ctx, m, kindStop, body) })
			if err != nil {
				n.log.Debug().Err(err).Str("to", m.Name).Msg("stop was not heard")
			}
		})
	}
}
