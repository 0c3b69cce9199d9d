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
}

// suspect is a member that may be lost. Gossip's word, a failed dial and a
// broken ring stream are hints; a question asked directly decides.
type suspect struct {
	loss  Loss
	heard time.Time // when the member was last heard of; zero: not known
	told  bool      // the hint came from another member, who tells everybody
	busy  bool      // the question is being asked
	due   time.Time // when to ask again
}

const (
	// again is when a member that answers, but that gossip has given up, is
	// asked the next time.
	again = time.Second
	// leastTimeout is how long the last of several questions to a silent
	// member waits at least.
	leastTimeout = 200 * time.Millisecond
	// reportTimeout bounds how long Report waits for members to hear it.
	reportTimeout = 500 * time.Millisecond
)

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

// suspect notes a hint that a member of the last ring, or of one that is being
// formed, is lost, and has it examined.
func (s *state) suspect(ctx context.Context, l Loss) { s.consider(ctx, suspect{loss: l}) }

// consider is suspect for a hint with circumstances.
func (s *state) consider(ctx context.Context, x suspect) {
	p := s.peers[x.loss.Peer]
	if p == nil || p.dead != "" || p.silent != "" || s.finished || !s.matters(x.loss.Peer) {
		return
	}
	if g := x.loss.Generation; g != 0 && g != s.ballot.Committed.Generation && g != s.ballot.latest().Generation {
		return
	}
	x.loss.Reason = clip(x.loss.Reason)
	old := s.suspects[x.loss.Peer]
	longer := !x.heard.IsZero() && (old == nil || old.heard.IsZero() || x.heard.Before(old.heard))
	if old == nil || longer { // it has been silent for longer than was known: the question is asked again
		s.suspects[x.loss.Peer] = &x
	}
	if longer && !x.told { // then all examine it at the same time, and none has to wait for another
		s.spread(ctx, hint{Loss: x.loss, Silent: time.Since(x.heard)})
	}
	s.examine(ctx, p, s.suspects[x.loss.Peer])
}

// matters reports whether it is of interest here that the process is lost.
func (s *state) matters(name string) bool { return s.concerns(name) || name == s.pleading.name }

// hint is one member's finding that another is lost.
type hint struct {
	Loss   Loss          `json:"loss"`
	Silent time.Duration `json:"silent,omitempty"` // for how long it has been silent; 0: it is proved dead
	Hung   bool          `json:"hung,omitempty"`   // it answers, but the others wait for it in vain
}

// hinted takes a hint: nobody is believed lost before he has been asked again
// from here, for a second at least.
func (s *state) hinted(ctx context.Context, from string, h hint, now time.Time) any {
	if h.Hung {
		s.hang.hurried = h.Loss.Generation
		return nothing{}
	}
	h.Loss.Reason = from + " says: " + h.Loss.Reason
	x := suspect{loss: h.Loss, told: true}
	if h.Silent > 0 {
		x.heard = now.Add(-min(h.Silent, s.node.cfg.Silence))
	}
	s.consider(ctx, x)
	return nothing{}
}

// examine asks the suspect directly, unless it is being asked.
func (s *state) examine(ctx context.Context, p *peer, x *suspect) {
	if x.busy || !x.due.IsZero() {
		return
	}
	x.busy = true
	n, m, heard := s.node, p.member, x.heard
	n.wg.Go(func() {
		proved, silence := n.question(ctx, m, heard)
		n.post(func(ctx context.Context, s *state) { s.examined(ctx, m, proved, silence, time.Now()) })
	})
}

// question asks m whether it is there until it answers or counts as lost: at
// once with a proof, and otherwise when it has not been heard of for
// Config.Silence, but not before it has had a second to answer. Both results
// are empty if it answered.
func (n *Node) question(ctx context.Context, m Member, heard time.Time) (proved, silence string) {
	begun := time.Now()
	if heard.IsZero() {
		heard = begun
	}
	for pause := range backoff() {
		patience := max(n.cfg.Silence-time.Since(heard), callTimeout-time.Since(begun), leastTimeout)
		ask, cancel := context.WithTimeout(ctx, min(patience, callTimeout))
		err := n.caller.tell(ask, m, kindPing, nothing{})
		cancel()
		switch {
		case err == nil:
			return "", ""
		case proof(m, err) != "":
			return proof(m, err), ""
		case time.Since(heard) >= n.cfg.Silence && time.Since(begun) >= callTimeout:
			return "", fmt.Sprintf("no answer for %v", n.cfg.Silence)
		case !wait(ctx, pause):
			return "", ""
		}
	}
	panic("cluster: unreachable")
}

// examined takes the result of a question.
func (s *state) examined(ctx context.Context, m Member, proved, silence string, now time.Time) {
	x, p := s.suspects[m.Name], s.peers[m.Name]
	if p == nil {
		return
	}
	first, because := "", ""
	if x != nil {
		x.busy = false
		because = " (" + x.loss.Reason + ")"
		if !x.told {
			first = m.Name
		}
	}
	l := Loss{Generation: s.ballot.Committed.Generation, Peer: first, Reason: proved + silence}
	switch {
	case proved != "":
		if p.dead == "" {
			s.died(ctx, p, proved+because)
			s.spread(ctx, hint{Loss: l})
		}
	case silence != "":
		s.silenced(ctx, p, silence+because)
		s.spread(ctx, hint{Loss: l, Silent: s.node.cfg.Silence})
	case x == nil:
	case !p.seen: // it answers, but gossip has given it up
		x.due = now.Add(again)
	default:
		delete(s.suspects, m.Name)
	}
}

// examineDue does what is due about suspects and returns when more will be.
func (s *state) examineDue(ctx context.Context, now time.Time) time.Time {
	var next time.Time
	for name, x := range s.suspects {
		switch p := s.peers[name]; {
		case p == nil || p.seen && !x.busy || !s.matters(name): // gossip has changed its mind, or nobody cares
			delete(s.suspects, name)
		case x.due.IsZero():
		case now.Before(x.due):
			next = earliest(next, x.due)
		default:
			x.due, x.heard = time.Time{}, time.Time{}
			s.examine(ctx, p, x)
		}
	}
	return next
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
		if m.Name == h.Loss.Peer && !h.Hung || h.Loss.Peer == "" {
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
