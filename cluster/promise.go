package cluster

import (
	"cmp"
	"context"
	"fmt"
	"time"
)

// requested answers a request for a vote.
func (s *state) requested(ctx context.Context, from string, q request) any {
	now := time.Now()
	if s.err != nil {
		return vote{Promised: s.ballot.Promised, Reason: "this node has given up: " + s.err.Error()}
	}
	if q.Member.Name != from {
		return fmt.Errorf("cluster: request of %s in the name of %s", from, q.Member.Name)
	}
	if d, ok := s.node.compare(q); ok {
		s.fail(refused(q.Member, d))
		s.farewell.Stop = true
		return vote{Promised: s.ballot.Promised, Differs: &d, Reason: "not the same run"}
	}
	s.heard(q.Member, now)
	s.takeProofs(ctx, q.Dead)
	reason := s.objection(q, now)
	if reason == "" {
		if err := s.ballot.promise(q.Generation, from); err != nil {
			reason = err.Error()
		}
	}
	if reason == "" {
		s.giveUp("promised to " + from)
	}
	v := s.ownVote()
	v.Granted, v.Reason = reason == "", reason
	return v
}

// ownVote is what this node says about itself in a vote.
func (s *state) ownVote() vote {
	return vote{
		Granted: true, Promised: s.ballot.Promised,
		Committed: s.known, Accepted: s.ballot.Accepted, Dead: s.proofs(),
		Idle: s.ballot.Committed.Generation > 0 && !s.node.awaited(),
		Done: s.finished,
	}
}

// compare returns what the sender of a request differs in.
func (n *Node) compare(q request) (difference, bool) {
	if d, ok := compare(n.cfg.Identity, q.Identity); ok {
		return d, true
	}
	if q.Shards != n.cfg.Shards {
		return difference{FieldShards, fmt.Sprint(n.cfg.Shards), fmt.Sprint(q.Shards)}, true
	}
	if q.Groups != n.cfg.Groups {
		return difference{FieldGroups, fmt.Sprint(n.cfg.Groups), fmt.Sprint(q.Groups)}, true
	}
	return difference{}, false
}

// deference is how long a node waits for the leader that it sees before it
// votes for another one, if it is without a ring.
const deference = 6 * time.Second

// objection says why this node does not vote for the sender of q; "" if it
// does. It knows a later ring, or sees another leader: then it is that one's
// business, unless that one has done nothing for long.
func (s *state) objection(q request, now time.Time) string {
	switch {
	case s.finished:
		return "the run is over for this node"
	case s.knownMark.after(q.Known):
		return fmt.Sprintf("ring %d is committed already", s.known.Generation)
	case q.Known.after(s.knownMark):
		return ""
	}
	l := leader(s.rulers(now), s.known)
	if l == q.Member.Name {
		s.deferring.to = ""
		return ""
	}
	if s.deferring.to != l {
		s.deferring.to, s.deferring.since = l, now
	}
	if s.need() != "" && now.Sub(s.deferring.since) > deference {
		return ""
	}
	return fmt.Sprintf("%s leads, not %s", l, q.Member.Name)
}

// offered answers the offer of a roster.
func (s *state) offered(ctx context.Context, from string, o offer) any {
	reason := s.take(ctx, from, o)
	return response{Accepted: reason == "", Reason: reason, Promised: s.ballot.Promised}
}

// take accepts a roster, or says why not. As it accepts, training on the
// current one ends: the next one may be committed at any moment.
func (s *state) take(ctx context.Context, from string, o offer) (reason string) {
	r, self := o.Roster, s.node.self
	if s.finished || s.err != nil {
		return "the run is over for this node"
	}
	if n := len(r.Members); n > 0 && len(r.Shards) == n+1 && r.Shards[n] != s.node.cfg.Shards {
		return fmt.Sprintf("%d shards are not %d", r.Shards[n], s.node.cfg.Shards)
	}
	if r.Groups != s.node.cfg.Groups {
		return fmt.Sprintf("%d groups of shards are not %d", r.Groups, s.node.cfg.Groups)
	}
	if s.node.cfg.Nodes == 0 && s.known.Generation == 0 && len(s.ballot.Accepted) == 0 {
		for _, m := range s.present(time.Now()) {
			if _, in := r.Rank(m.Name); !in {
				return m.Name + " is here too"
			}
		}
	}
	if err := s.ballot.accept(r, from, self); err != nil {
		return err.Error()
	}
	if from != self.Name {
		s.giveUp("accepted generation " + fmt.Sprint(r.Generation))
	}
	s.takeProofs(ctx, o.Dead)
	if s.ballot.Committed.Generation > 0 {
		s.end(fmt.Sprintf("ring %d is being formed: %s", r.Generation, clip(o.Reason)), s.verdict(o))
	}
	return ""
}

// verdict returns why training ends with the offer: the loss of a member, if
// anybody has found one.
func (s *state) verdict(o offer) error {
	l := cmp.Or(s.loss, o.Loss)
	if l != nil && l.Generation == s.ballot.Committed.Generation {
		return &LossError{*l}
	}
	return &SupersededError{o.Roster.Generation, clip(o.Reason)}
}

// takeProofs believes another member about who is dead.
func (s *state) takeProofs(ctx context.Context, dead []obituary) {
	for _, o := range dead {
		if p := s.peers[o.Name]; p != nil && p.dead == "" {
			s.died(ctx, p, clip(o.Proof))
		}
	}
}
