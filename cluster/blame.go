package cluster

import (
	"context"
	"time"
)

// accusation is a member's word that the ring broke at its connection to
// another one.
type accusation struct {
	accuser string
	loss    Loss
}

// accuse takes an accusation. The ring is over in any case, for the accuser has
// left it; who is to blame is seen when it is formed again. It reports whether
// the accusation is news about the current ring.
func (s *state) accuse(ctx context.Context, accuser string, l Loss, now time.Time) bool {
	r := s.ballot.Committed
	_, accused := r.Rank(l.Peer)
	_, member := r.Rank(accuser)
	if !accused || !member || l.Generation != r.Generation || s.finished || s.outside {
		return false
	}
	for _, a := range s.accusations {
		if a.accuser == accuser && a.loss.Peer == l.Peer {
			return false
		}
	}
	s.accusations = append(s.accusations, accusation{accuser, l})
	if s.over == "" {
		s.over = accuser + " cannot reach " + l.Peer + ": " + clip(l.Reason)
	}
	p := s.peers[l.Peer]
	switch {
	case p == nil: // this node
	case p.dead != "": // it completed the run and left, but is still needed
		l.Reason = p.dead + " (" + l.Reason + ")"
		s.lose(l)
	default:
		s.suspect(ctx, l)
	}
	return true
}

// reported takes another member's accusation.
func (s *state) reported(ctx context.Context, from string, l Loss) any {
	l.Reason = from + " reports: " + clip(l.Reason)
	s.accuse(ctx, from, l, time.Now())
	return nothing{}
}

// blame returns who is to be left out of the next ring if the accused of a ring
// all answer. When a stream breaks, those who notice end their own streams, and
// their neighbours accuse them; so the first accusation is the one to go by. Of
// two who accuse each other the lower name stays, and so does spared, who
// decides.
func blame(all []accusation, spared string) string {
	accuser, accused := all[0].accuser, all[0].loss.Peer
	for _, a := range all[1:] {
		if a.accuser == accused && a.loss.Peer == accuser {
			accuser, accused = min(accuser, accused), max(accuser, accused)
			break
		}
	}
	if accused == spared {
		return accuser
	}
	return accused
}

// culprit returns who should be left out of the ring that is being composed
// because it was to blame for the end of the last two; "": nobody.
func (s *state) culprit(now time.Time) string {
	if len(s.accusations) == 0 {
		return ""
	}
	for _, m := range s.ballot.Committed.Members {
		if p := s.peers[m.Name]; p != nil && (p.dead != "" || p.silent != "") {
			return "" // that explains it
		}
	}
	name := blame(s.accusations, s.node.self.Name)
	p := s.peers[name]
	if p == nil {
		return ""
	}
	again := !p.accused.IsZero() && now.Sub(p.accused) < calm
	p.accused = now
	if !again {
		return ""
	}
	return name
}
