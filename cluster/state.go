package cluster

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
)

// state is all that a node knows. Exactly one goroutine, Node.run, touches it:
// questions from other nodes, answers to our own, and the program's calls
// arrive there as functions.
type state struct {
	node     *Node
	ballot   ballot
	deadline time.Time // by when the ring must be formed

	// The cluster as seen from here.
	joined  bool            // a seed has welcomed us, or we are one
	members []Member        // live, self among them, ordered by name
	newest  time.Time       // when the latest of them came
	gone    map[string]bool // have said goodbye

	// Forming the ring.
	attempt *attempt        // our own proposal under way
	retry   time.Time       // no proposal before
	reason  string          // why there is no ring yet
	err     error           // why there will be none
	silent  map[string]bool // did not answer our last proposal
	told    map[string]bool // have been told of the ring, or are being told

	// The ring formed.
	suspects map[string]*suspect
	lost     map[string]bool
	verdicts []Loss // to be delivered
	watching struct {
		name   string
		cancel context.CancelFunc
	}
	finished bool
	farewell goodbye
}

func newState(n *Node, now time.Time) *state {
	return &state{
		node: n, deadline: now.Add(n.cfg.StartTimeout),
		members: []Member{n.self}, newest: now,
		gone: make(map[string]bool), told: make(map[string]bool), silent: make(map[string]bool),
		suspects: make(map[string]*suspect), lost: make(map[string]bool),
		ballot:   ballot{Promised: n.cfg.Generation},
		farewell: goodbye{Reason: "it was stopped before the run was over"},
	}
}

// run is the goroutine that owns the state: it takes one event at a time and
// then does what the new state calls for.
func (n *Node) run(ctx context.Context, s *state) {
	defer close(n.losses)
	defer close(n.done)
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		var out chan<- Loss // nil unless there is something to deliver
		var loss Loss
		if len(s.verdicts) > 0 {
			out, loss = n.losses, s.verdicts[0]
		}
		select {
		case f := <-n.events:
			f(ctx, s)
		case <-n.gossip.view.changed:
			s.see(ctx, n.gossip.view.members(), n.gossip.view.takeDoubts(), time.Now())
		case out <- loss:
			s.verdicts = s.verdicts[1:]
		case <-timer.C:
		case <-n.quit:
			return
		}
		s.watch(ctx)
		now := time.Now()
		next := earliest(s.form(ctx, now), s.examineDue(ctx, now))
		if next.IsZero() {
			timer.Stop()
		} else {
			timer.Reset(next.Sub(now))
		}
	}
}

// earliest returns the earlier of two times; zero means never.
func earliest(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

// see takes in a new view of gossip.
func (s *state) see(ctx context.Context, members []Member, doubts map[string]string, now time.Time) {
	live := slices.DeleteFunc(members, func(m Member) bool { return s.gone[m.Name] || m.Name == s.node.self.Name })
	live = append(live, s.node.self)
	slices.SortFunc(live, byName)
	var newcomers []Member
	for _, m := range live {
		if _, known := s.find(m.Name); !known {
			s.newest = now
			s.node.log.Debug().Str("member", m.Name).Str("addr", m.Addr).Msg("gossip found a member")
			newcomers = append(newcomers, m)
		}
	}
	before := s.members
	s.members = live
	s.turnAway(ctx, newcomers)
	for _, m := range before {
		if _, still := s.find(m.Name); !still {
			s.node.log.Debug().Str("member", m.Name).Msg("gossip gave a member up")
			s.suspect(ctx, Loss{Peer: m.Name, Reason: "gossip has given it up"}, false)
		}
	}
	for name, why := range doubts {
		s.suspect(ctx, Loss{Peer: name, Reason: "gossip cannot reach it: " + why}, false)
	}
}

// find returns the live member called name.
func (s *state) find(name string) (Member, bool) {
	i := slices.IndexFunc(s.members, func(m Member) bool { return m.Name == name })
	if i < 0 {
		return Member{}, false
	}
	return s.members[i], true
}

// others returns everyone who should hear what happens to this node: the
// members of the ring and the live members, without self.
func (s *state) others() []Member {
	all := slices.Concat(s.ballot.Committed.Members, s.members)
	slices.SortFunc(all, byName)
	all = slices.CompactFunc(all, func(a, b Member) bool { return a.Name == b.Name })
	return slices.DeleteFunc(all, func(m Member) bool {
		return m.Name == s.node.self.Name || s.gone[m.Name] || s.lost[m.Name]
	})
}

// fail ends the formation with an error for Await.
func (s *state) fail(err error) {
	if s.err != nil || s.ballot.Committed.Generation > 0 {
		return
	}
	s.err = err
	s.farewell.Reason = reasonOf(err)
	s.node.publish(Roster{}, err)
}

// stopped takes a leader's word that no ring can be formed.
func (s *state) stopped(from, reason string) any {
	s.fail(fmt.Errorf("cluster: %s stopped the formation of the ring: %s", from, clip(reason)))
	return nothing{}
}

// parted takes a goodbye.
func (s *state) parted(from string, g goodbye) any {
	s.gone[from] = true
	s.members = slices.DeleteFunc(slices.Clone(s.members), func(m Member) bool { return m.Name == from })
	if g.Stop {
		s.stopped(from, g.Reason)
	}
	if !g.Done {
		s.lose(Loss{Peer: from, Reason: "it left: " + clip(g.Reason)})
	}
	delete(s.suspects, from)
	return nothing{}
}

// finish notes how the run ended here.
func (s *state) finish(cause error) {
	s.finished = true
	s.verdicts = nil
	clear(s.suspects)
	if s.farewell = (goodbye{Done: true}); cause != nil {
		s.farewell = goodbye{Reason: reasonOf(cause)}
	}
}

// word returns what the goodbye of this node says.
func (s *state) word() goodbye { return s.farewell }

// reasonOf returns an error's text as a reason that travels.
func reasonOf(err error) string { return clip(strings.TrimPrefix(err.Error(), "cluster: ")) }

// clip bounds a reason that travels.
func clip(reason string) string { return reason[:min(len(reason), 2000)] }
