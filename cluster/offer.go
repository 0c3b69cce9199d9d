package cluster

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// The second round and the third: the leader offers a roster, and commits it.

// offer asks the members, and the witnesses, to accept the roster.
func (s *state) offer(ctx context.Context, c composition, now time.Time) {
	n, a := s.node, s.attempt
	a.roster = newRoster(a.generation, c.members, n.cfg.Shards, n.cfg.Groups)
	if reason := s.take(ctx, n.self.Name, offer{Roster: a.roster, Reason: a.why, Loss: s.loss}); reason != "" {
		s.giveUp(reason) // overtaken
		s.contested(now)
		return
	}
	inner, cancel := context.WithCancel(ctx)
	before := a.cancel
	a.cancel = func() { before(); cancel() }
	for _, m := range slices.Concat(c.members, c.witnesses) {
		if m.Name == n.self.Name {
			continue
		}
		a.waiting[m.Name] = m
		body, patience := offer{a.roster, a.why, s.loss, s.proofs()}, s.patience(m)
		n.wg.Go(func() {
			var r response
			err := persist(inner, patience, func(ctx context.Context) error {
				_, err := n.caller.ask(ctx, m.Addr, m.Name, kindOffer, body, &r)
				return err
			})
			n.post(func(ctx context.Context, s *state) { s.responded(ctx, body.Roster.Generation, m, r, err) })
		})
	}
	s.commit(ctx, now)
}

// responded takes the answer of m to the offer of a generation.
func (s *state) responded(ctx context.Context, generation uint64, m Member, r response, err error) {
	now := time.Now()
	a := s.attempt
	mine := a != nil && a.generation == generation
	if err != nil {
		s.unanswered(ctx, m, err, mine, now)
	} else {
		s.heard(m, now)
		s.ballot.raise(r.Promised)
	}
	if s.attempt != a || !mine {
		return
	}
	switch {
	case err != nil:
		s.giveUp(fmt.Sprintf("%s did not answer the offer of generation %d: %v", at(m), generation, err))
		s.retry = now
	case !r.Accepted:
		s.giveUp(fmt.Sprintf("%s does not accept generation %d: %s", at(m), generation, r.Reason))
		s.contested(now)
	default:
		delete(a.waiting, m.Name)
		s.commit(ctx, now)
	}
}

// commit makes the offered roster the ring once all have accepted it, unless
// this node has promised itself to a later one meanwhile.
func (s *state) commit(ctx context.Context, now time.Time) {
	a := s.attempt
	if len(a.waiting) > 0 {
		return
	}
	r := a.roster
	if s.ballot.Promised != r.Generation || s.ballot.To != s.node.self.Name {
		s.giveUp(fmt.Sprintf("generation %d was overtaken by %d", r.Generation, s.ballot.Promised))
		s.contested(now)
		return
	}
	a.cancel()
	s.attempt = nil
	if err := s.learn(ctx, r, now); err != nil {
		panic("cluster: our own roster does not pass: " + err.Error())
	}
	s.inform(ctx, r, s.everywhere())
}

// inform tells others that r is committed, its members and whoever is here.
func (s *state) inform(ctx context.Context, r Roster, others []Member) {
	n := s.node
	for _, m := range others {
		n.wg.Go(func() {
			err := persist(ctx, n.cfg.Silence, func(ctx context.Context) error { return n.caller.tell(ctx, m, kindCommit, commit{r}) })
			if err != nil {
				n.post(func(ctx context.Context, s *state) {
					s.suspect(ctx, Loss{Generation: r.Generation, Peer: m.Name, Reason: "it did not take the roster: " + err.Error()})
				})
			}
		})
	}
}
