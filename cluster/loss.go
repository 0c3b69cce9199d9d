package cluster

import (
	"context"
	"errors"
	"sync"
	"time"
)

// Loss says that a member of the current roster is gone, and how that was
// noticed.
type Loss struct {
	Generation uint64 `json:"generation"` // of the roster; 0 in Report: the current one
	Peer       string `json:"peer"`       // the member's name
	Step       uint64 `json:"step"`       // where the one who noticed was, 0 if nowhere
	Phase      string `json:"phase"`      // what it was doing there
	Reason     string `json:"reason"`
}

// suspect is a member that may be lost. Gossip's word, a failed dial and a
// broken ring stream are hints; a question asked directly decides.
type suspect struct {
	loss     Loss
	accused  bool      // by a member, not only by gossip
	busy     bool      // the question is being asked
	due      time.Time // when to ask again, or, if answered, to believe the accusers
	answered bool
}

const (
	// grace is how long an accusation against a member that still answers is
	// held back. When one node dies its neighbours close their streams, and
	// theirs notice; so the living are accused too, a moment after the dead.
	// The accusation is dropped if another loss explains it by then.
	grace = time.Second
	// again is when a member that answers, but that gossip has given up, is
	// asked the next time.
	again = time.Second
	// reportTimeout bounds how long Report waits for members to hear it.
	reportTimeout = 500 * time.Millisecond
)

// Report tells all members directly, and at once, that the connection to a
// peer broke; those who cannot be told within half a second are passed over.
// Every node, this one too, then asks the accused directly, and its Losses
// delivers the verdict: within milliseconds if the accused's host refuses the
// connection, within Config.Silence if it is silent, and after a second if it
// answers in spite of the accusation.
func (n *Node) Report(ctx context.Context, l Loss) {
	ctx, cancel := context.WithTimeout(ctx, reportTimeout)
	defer cancel()
	var others []Member
	ready := make(chan struct{})
	if !n.post(func(ctx context.Context, s *state) {
		defer close(ready)
		if l.Generation == 0 {
			l.Generation = s.ballot.Committed.Generation
		}
		if s.suspect(ctx, l, true) {
			others = s.others()
		}
	}) {
		return
	}
	<-ready
	var wg sync.WaitGroup
	for _, m := range others {
		wg.Go(func() {
			if err := n.caller.tell(ctx, m, kindReport, l); err != nil {
				n.log.Debug().Err(err).Str("to", m.Name).Msg("report was not heard")
			}
		})
	}
	wg.Wait()
}

// Losses delivers the members of the current roster that are lost, each once,
// in the order in which that became certain. The channel is closed by Leave.
// A member that said goodbye after a completed run is not lost, and after
// Finish nobody is.
func (n *Node) Losses() <-chan Loss { return n.losses }

// suspect notes a hint that a member is lost and has it examined. It reports
// false if the hint is of no interest: about another generation, about someone
// who is not in the ring, or who is known to be gone.
func (s *state) suspect(ctx context.Context, l Loss, accused bool) bool {
	r := s.ballot.Committed
	if l.Generation == 0 {
		l.Generation = r.Generation
	}
	_, in := r.Rank(l.Peer)
	if !in || l.Generation != r.Generation || s.finished || s.lost[l.Peer] || s.gone[l.Peer] {
		return false
	}
	l.Reason = clip(l.Reason)
	old := s.suspects[l.Peer]
	switch {
	case old == nil:
		s.suspects[l.Peer] = &suspect{loss: l, accused: accused}
	case accused && !old.accused:
		old.loss, old.accused = l, true // the accuser knows the step and the phase
		old.due = time.Time{}
	}
	s.examine(ctx, s.suspects[l.Peer])
	return true
}

// reported takes another member's accusation.
func (s *state) reported(ctx context.Context, from string, l Loss) any {
	l.Reason = from + " reports: " + l.Reason
	s.suspect(ctx, l, true)
	return nothing{}
}

// examine asks the suspect directly, unless it is being asked.
func (s *state) examine(ctx context.Context, x *suspect) {
	if x.busy || !x.due.IsZero() {
		return
	}
	n, m := s.node, Member{}
	m, _ = s.ballot.Committed.named(x.loss.Peer)
	if m.Name == n.self.Name { // accused ourselves: we know that we are alive
		x.answered, x.due = true, time.Now().Add(grace)
		return
	}
	x.busy = true
	n.wg.Go(func() {
		verdict := n.question(ctx, m)
		n.post(func(ctx context.Context, s *state) { s.examined(ctx, m.Name, verdict) })
	})
}

// question asks m whether it is there until it answers or is certainly lost.
// It returns why it is lost, or "" if it answered.
func (n *Node) question(ctx context.Context, m Member) string {
	start := time.Now()
	for pause := range backoff() {
		ask, cancel := context.WithTimeout(ctx, callTimeout)
		err := n.caller.tell(ask, m, kindPing, nothing{})
		cancel()
		switch {
		case err == nil:
			return ""
		case errors.Is(err, ErrRefused):
			return "nothing listens at " + m.Addr + " any more"
		case errors.Is(err, errReplaced):
			return "another process listens at " + m.Addr + " now"
		case time.Since(start) >= n.cfg.Silence:
			return "no answer for " + n.cfg.Silence.String()
		case !wait(ctx, pause):
			return ""
		}
	}
	panic("cluster: unreachable")
}

// examined takes the result of a question.
func (s *state) examined(ctx context.Context, name, verdict string) {
	x := s.suspects[name]
	if x == nil {
		return
	}
	x.busy = false
	_, seen := s.find(name)
	switch {
	case verdict != "":
		l := x.loss
		l.Reason = verdict + " (" + l.Reason + ")"
		s.lose(l)
		if !x.accused {
			s.spread(ctx, l)
		}
	case x.accused:
		x.answered, x.due = true, time.Now().Add(grace)
	case !seen:
		x.due = time.Now().Add(again)
	default:
		delete(s.suspects, name)
	}
}

// examineDue does what is due about suspects and returns when more will be.
func (s *state) examineDue(ctx context.Context, now time.Time) time.Time {
	var next time.Time
	for name, x := range s.suspects {
		switch {
		case x.due.IsZero():
		case now.Before(x.due):
			next = earliest(next, x.due)
		case x.answered && len(s.lost) > 0:
			delete(s.suspects, name) // the ring broke elsewhere, which explains the accusation
		case x.answered:
			l := x.loss
			l.Reason += " (it still answers)"
			s.lose(l)
		default:
			x.due = time.Time{}
			if _, seen := s.find(name); seen {
				delete(s.suspects, name) // gossip has changed its mind
				continue
			}
			s.examine(ctx, x)
		}
	}
	return next
}

// lose makes a loss certain and has it delivered.
func (s *state) lose(l Loss) {
	delete(s.suspects, l.Peer)
	r := s.ballot.Committed
	if _, in := r.Rank(l.Peer); !in || s.finished || s.lost[l.Peer] {
		return
	}
	l.Generation = r.Generation
	s.lost[l.Peer] = true
	s.verdicts = append(s.verdicts, l)
	s.node.sessions.end(l.Generation, &LossError{l})
	s.node.log.Warn().Str("peer", l.Peer).Uint64("step", l.Step).Str("phase", l.Phase).Str("reason", l.Reason).Msg("lost a member")
}

// spread tells the others of a loss that this node found by itself.
func (s *state) spread(ctx context.Context, l Loss) {
	n := s.node
	for _, m := range s.others() {
		n.wg.Go(func() {
			ctx, cancel := context.WithTimeout(ctx, reportTimeout)
			defer cancel()
			if err := n.caller.tell(ctx, m, kindReport, l); err != nil {
				n.log.Debug().Err(err).Str("to", m.Name).Msg("report was not heard")
			}
		})
	}
}
