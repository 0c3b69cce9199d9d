package cluster

import (
	"context"
	"fmt"
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
	// Hung says that the member answers, while the others wait for it in vain.
	Hung bool `json:"hung,omitempty"`
}

// reportTimeout bounds how long Report waits for members to hear it.
const reportTimeout = 500 * time.Millisecond

// Report says that the ring of a generation has broken here, at the connection
// to l.Peer. It tells all members directly, and at once; those who cannot be
// told within half a second are passed over. The ring is formed again, without
// whoever proves to be gone: the accused, or another whose death made the
// accused end its stream. An accused that answers stays, until it is accused
// again within a minute and nothing else explains it.
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
		l.Reason = clip(l.Reason)
		if s.accuse(ctx, n.self.Name, l, time.Now()) {
			others = s.ringMates()
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

// ringMates returns the other members of the current roster that are not known
// to be gone.
func (s *state) ringMates() []Member {
	var out []Member
	for _, m := range s.ballot.Committed.Members {
		if m.Name != s.node.self.Name && !s.gone(m.Name) {
			out = append(out, m)
		}
	}
	return out
}

// died notes the proof that p is gone for good.
func (s *state) died(ctx context.Context, p *peer, reason string) {
	delete(s.suspects, p.member.Name)
	if p.dead != "" {
		return
	}
	p.dead = reason
	s.retry = time.Time{} // a loss is acted on at once
	if !p.done {
		s.lose(Loss{Peer: p.member.Name, Reason: reason})
	}
	s.excuse(ctx, p.member.Name, time.Now())
}

// silenced notes that p counts as lost until it is heard of.
func (s *state) silenced(ctx context.Context, p *peer, reason string) {
	delete(s.suspects, p.member.Name)
	if p.dead != "" || p.silent != "" {
		return
	}
	p.silent, p.until = reason, time.Time{}
	s.lose(Loss{Peer: p.member.Name, Reason: reason})
	s.excuse(ctx, p.member.Name, time.Now())
}

// lose ends the training on the current ring if l.Peer is a member of it.
func (s *state) lose(l Loss) {
	r := s.ballot.Committed
	if _, in := r.Rank(l.Peer); !in || s.finished || s.outside {
		return
	}
	l.Generation = r.Generation
	for _, a := range s.accusations {
		if a.loss.Peer == l.Peer { // whoever had to do with it knows the step
			l.Step, l.Phase = a.loss.Step, a.loss.Phase
		}
	}
	s.node.log.Warn().Str("peer", l.Peer).Uint64("step", l.Step).Str("phase", l.Phase).Str("reason", l.Reason).Msg("lost a member")
	if s.loss == nil {
		s.loss = &l
	}
	s.end(fmt.Sprintf("%s is lost: %s", l.Peer, l.Reason), &LossError{*s.loss})
	if a := s.attempt; a != nil && a.good && a.roster.Generation == 0 {
		s.giveUp("a loss came before the votes") // newcomers may take their time while there is a ring, not now
	}
}

// spread tells the ring of a loss that this node found by itself; not of one
// without a name.
func (s *state) spread(ctx context.Context, h hint) {
	n := s.node
	for _, m := range s.ringMates() {
		if m.Name == h.Loss.Peer && !h.Loss.Hung || h.Loss.Peer == "" {
			continue
		}
		n.wg.Go(func() {
			ctx, cancel := context.WithTimeout(ctx, reportTimeout)
			defer cancel()
			if err := n.caller.tell(ctx, m, kindHint, h); err != nil {
				n.log.Debug().Err(err).Str("to", m.Name).Msg("hint was not heard")
			}
		})
	}
}
