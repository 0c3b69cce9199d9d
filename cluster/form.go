package cluster

import (
	"context"
	"fmt"
	"time"
)

// A ring is formed in three rounds. The leader asks everybody for a promise of
// the next generation, and they answer with all that they have committed to
// and accepted. From the answers it composes a roster, which may follow by the
// rules of compose, and offers it to the members, whose session on the old
// ring ends as they accept. When all have accepted, it commits: that is the
// moment at which the ring exists. Training goes on during the first round.

// attempt is a proposal of ours under way.
type attempt struct {
	generation uint64
	why        string // why there is to be a new ring
	good       bool   // there was a good one when it began
	cancel     context.CancelFunc
	waiting    map[string]Member // whose answer is still to come
	votes      []voted           // promises
	roster     Roster            // being offered; Generation 0: in the first round
}

// form makes a proposal if the state calls for one. It returns when time alone
// may call for one.
func (s *state) form(ctx context.Context, now time.Time) time.Time {
	if s.err != nil || s.finished || !s.joined {
		return time.Time{}
	}
	if s.ballot.Committed.Generation == 0 && !now.Before(s.deadline) {
		s.fail(fmt.Errorf("cluster: no ring after %v: %s: start the missing nodes with the same command, and check that they can reach %s",
			s.node.cfg.StartTimeout, s.waitingFor(), s.node.self.Addr))
		return time.Time{}
	}
	if s.attempt != nil || now.Before(s.aside) {
		return time.Time{}
	}
	if now.Before(s.retry) {
		return s.retry
	}
	d := decide(s.situation(now), s.node.cfg.policy())
	if d.Reason != "" && d.Reason != s.reason && s.need() != "" {
		s.node.log.Info().Str("need", s.need()).Msg(d.Reason)
	}
	s.reason = d.Reason
	switch {
	case d.Err != nil:
		s.abandon(ctx, d.Err)
	case d.Ask != nil:
		s.begin(ctx, d.Ask, d.Why, now)
	}
	return d.Again
}

// situation returns what decide has to know.
func (s *state) situation(now time.Time) situation {
	oldest, newest := s.newcomers(now)
	return situation{
		now: now, self: s.node.self.Name, present: s.present(now), barred: s.barred(now), known: s.known, open: s.ballot.open(),
		gone: s.gone, done: s.done(), need: s.need(), oldest: oldest, newest: newest,
	}
}

// giveUp ends the attempt, if there is one.
func (s *state) giveUp(reason string) {
	a := s.attempt
	if a == nil {
		return
	}
	a.cancel()
	s.attempt = nil
	s.ballot.withdraw(s.node.self.Name)
	if reason != "" {
		s.reason = reason
		s.node.log.Debug().Uint64("generation", a.generation).Msg(reason)
	}
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

// abandon ends the search for a first ring here and everywhere.
func (s *state) abandon(ctx context.Context, err error) {
	s.fail(err)
	s.farewell.Stop = true // should Leave be faster than the word itself
	n, body := s.node, stop{Reason: reasonOf(err)}
	for _, m := range s.everywhere() {
		n.wg.Go(func() {
			err := persist(ctx, n.cfg.Silence, func(ctx context.Context) error { return n.caller.tell(ctx, m, kindStop, body) })
			if err != nil {
				n.log.Debug().Err(err).Str("to", m.Name).Msg("stop was not heard")
			}
		})
	}
}

// stopped takes a leader's word that no ring can be formed.
func (s *state) stopped(from, reason string) any {
	s.fail(fmt.Errorf("cluster: %s stopped the formation of the ring: %s", from, clip(reason)))
	return nothing{}
}
