package cluster

import (
	"context"
	"fmt"
	"time"
)

// What a node does when it hears that a roster is committed, and when one is over.

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

// end ends the training on the current ring.
func (s *state) end(why string, cause error) {
	if s.over == "" {
		s.over = why
	}
	s.node.sessions.end(s.ballot.Committed.Generation, cause)
}
