package cluster

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Whoever seems lost is asked directly, and only that decides.

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
)

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
}

// hinted takes a hint: nobody is believed lost before he has been asked again
// from here, for a second at least.
func (s *state) hinted(ctx context.Context, from string, h hint, now time.Time) any {
	if h.Loss.Hung {
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

// proof says what a failed call proves about the process that was called; "":
// nothing.
func proof(m Member, err error) string {
	switch {
	case errors.Is(err, ErrRefused):
		return "nothing listens at " + m.Addr + " any more"
	case errors.Is(err, errReplaced):
		return "another process listens at " + m.Addr + " now"
	default:
		return ""
	}
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
