package cluster

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"
)

// A process that answers every question may still hang: a deadlock, a disk
// that does not come back. Its neighbours in the ring wait for it, theirs wait
// for them, and the flight records that all keep say so. Whoever finds that it
// has waited for too long asks all for their records and derives the verdict
// from them; everybody comes to the same one.

// hangs is how far the examination of a hang is.
type hangs struct {
	busy    bool
	next    time.Time // not again before
	hurried uint64    // generation of a ring in which another member has found a hang
	looked  uint64    // the last ring that was examined at another's word
}

// stillness is how long a counter may stand still while others wait: at least
// so long, and so many median steps.
const (
	stillness = 5 * time.Second
	medians   = 10
)

// limit returns how long a counter may stand still.
func limit(median time.Duration) time.Duration { return max(stillness, medians*median) }

// examineHang has the flight records examined if this node waits in vain.
func (s *state) examineHang(ctx context.Context, now time.Time) {
	r := s.ballot.Committed
	if s.need() != "" || s.finished || s.hang.busy {
		return
	}
	p, still := s.node.flight.read(now)
	late := still >= limit(p.Median) && p.WaitingFor != "" && !now.Before(s.hang.next)
	asked := s.hang.hurried == r.Generation
	if !late && !asked {
		return
	}
	s.hang.busy, s.hang.hurried, s.hang.next = true, 0, now.Add(time.Second)
	n := s.node
	n.wg.Go(func() {
		records := n.Status(ctx)
		n.post(func(ctx context.Context, s *state) { s.judge(ctx, r.Generation, records, asked, time.Now()) })
	})
}

// judge acts on the flight records of a ring, which another member may have
// asked for.
func (s *state) judge(ctx context.Context, generation uint64, records []MemberStatus, asked bool, now time.Time) {
	s.hang.busy = false
	if asked {
		s.hang.looked = generation
	}
	r := s.ballot.Committed
	if s.need() != "" || s.finished || generation != r.Generation {
		return
	}
	name, reason := hung(records)
	switch p := s.peers[name]; {
	case reason == "":
	case name == "":
		s.node.log.Warn().Str("reason", reason).Msg("the ring stands still")
		s.over = reason
	case name == s.node.self.Name:
		s.aside = now.Add(firstBar)
		s.lose(Loss{Peer: name, Reason: reason, Hung: true})
	case p != nil:
		p.exclude(now, firstBar)
		l := flightOf(records, name)
		l.Reason, l.Hung = reason, true
		s.lose(l)
		s.spread(ctx, hint{Loss: Loss{Generation: generation, Peer: name, Hung: true}})
	}
}

// flightOf returns where a member was, as a Loss.
func flightOf(records []MemberStatus, name string) Loss {
	for _, r := range records {
		if r.Member.Name == name {
			return Loss{Peer: name, Step: r.Progress.Step, Phase: r.Progress.Phase}
		}
	}
	return Loss{Peer: name}
}

// hung names the member for which the others wait in vain, and says why: the
// one that waits for nobody, whose counter has stood still too long, and at
// which the most chains of waiting end. If they wait in a circle nobody is
// named. Without a reason nothing is wrong, or nothing can be said: a member
// that does not tell may be the one, and its silence is dealt with elsewhere.
func hung(records []MemberStatus) (name, reason string) {
	by := make(map[string]MemberStatus, len(records))
	var median time.Duration
	for _, r := range records {
		if r.Rank >= 0 {
			by[r.Member.Name] = r
			median = max(median, r.Progress.Median)
		}
	}
	most := limit(median)
	stuck := func(r MemberStatus) bool { return r.Error == "" && r.Since >= most && r.Progress.Counter > 0 }
	waiters := make(map[string]int)
	circle := 0
	for _, r := range by {
		if !stuck(r) || r.Progress.WaitingFor == "" {
			continue
		}
		end, ok := r, true
		for hops := 0; ok && end.Progress.WaitingFor != ""; hops++ {
			if hops > len(by) {
				break
			}
			end, ok = by[end.Progress.WaitingFor]
			ok = ok && stuck(end)
		}
		switch {
		case !ok:
		case end.Progress.WaitingFor == "":
			waiters[end.Member.Name]++
		default:
			circle++
		}
	}
	var names []string
	for n := range waiters {
		names = append(names, n)
	}
	if len(names) == 0 {
		if circle < len(by) || circle < 2 {
			return "", ""
		}
		return "", fmt.Sprintf("all %d members have waited for each other for %v", circle, most)
	}
	slices.SortFunc(names, func(a, b string) int {
		return cmp.Or(waiters[b]-waiters[a], cmp.Compare(a, b))
	})
	x := by[names[0]]
	return names[0], fmt.Sprintf("it hangs: in step %d, phase %s, for %v, while %d others wait for it",
		x.Progress.Step, x.Progress.Phase, x.Since.Round(100*time.Millisecond), waiters[names[0]])
}
