package cluster

import (
	"maps"
	"slices"
	"strings"
	"time"
)

// peer is what a node knows of another process. A name never means another
// process, so what is proved of it stays true.
type peer struct {
	member Member
	seen   bool      // gossip has it among the living
	until  time.Time // it counts as present until then, whatever gossip says: it spoke to us, or somebody spoke of it
	came   time.Time // since when it has been present, if it is in no ring

	left   bool   // it has said goodbye
	dead   string // the proof that it is gone; "": none
	done   bool   // it has completed the run
	idle   bool   // it is outside of the ring and its program does not wait for one
	silent string // why it counts as lost without proof, until it is heard of; "": it does not

	barred  time.Time     // not in a ring before
	bar     time.Duration // the length of the next bar
	accused time.Time     // when it was last accused and nothing else explained it
}

// How long a process that disturbed the ring stays out of it: at first, and at
// most, doubling each time.
const (
	firstBar = 5 * time.Second
	lastBar  = 5 * time.Minute
)

// hearsay is how long a process that has spoken, or was spoken of, counts as
// present though gossip does not see it.
const hearsay = 3 * time.Second

// maxPeers bounds what is remembered of processes that are gone.
const maxPeers = 4096

// meet returns what is known of m, which is not this node.
func (s *state) meet(m Member, now time.Time) *peer {
	p := s.peers[m.Name]
	if p == nil {
		if len(s.peers) >= maxPeers {
			maps.DeleteFunc(s.peers, func(name string, p *peer) bool { return p.dead != "" && !s.concerns(name) })
		}
		p = &peer{member: m, came: now}
		s.peers[m.Name] = p
	}
	return p
}

// concerns reports whether name is in a roster that still matters.
func (s *state) concerns(name string) bool {
	return within(append(s.ballot.open(), s.known, s.ballot.Committed), name)
}

// heard notes that m has spoken to us directly. What was proved only by the
// behaviour of its host is refuted by that; a goodbye is not.
func (s *state) heard(m Member, now time.Time) {
	if m.Name == s.node.self.Name || m.check() != nil {
		return
	}
	p := s.meet(m, now)
	if p.left {
		return
	}
	if !s.isPresent(p, now) {
		p.came = now
		s.retry = time.Time{}
	}
	p.dead, p.silent = "", ""
	p.until = now.Add(hearsay)
}

// spokenOf notes that a peer counts m among the present.
func (s *state) spokenOf(m Member, now time.Time) {
	if m.Name == s.node.self.Name || m.check() != nil {
		return
	}
	p := s.meet(m, now)
	p.until = now.Add(hearsay)
}

// isPresent reports whether p may be in the next ring.
func (s *state) isPresent(p *peer, now time.Time) bool {
	if p.dead != "" || p.done || p.silent != "" || now.Before(p.barred) {
		return false
	}
	if within(append(s.ballot.open(), s.known), p.member.Name) {
		return true
	}
	return !p.idle && (p.seen || now.Before(p.until))
}

// present returns who may be in the next ring, this node among them, ordered by
// name. Members of the last ring count until they are found lost: gossip loses
// sight of the living too easily.
func (s *state) present(now time.Time) []Member {
	out := []Member{s.node.self}
	for _, p := range s.peers {
		if s.isPresent(p, now) {
			out = append(out, p.member)
		}
	}
	slices.SortFunc(out, byName)
	return out
}

// barred returns the members of the last ring who are here and are to be left
// out of the next. They have a say in it all the same.
func (s *state) barred(now time.Time) []Member {
	var out []Member
	for name, p := range s.peers {
		if now.Before(p.barred) && p.dead == "" && !p.done && p.silent == "" && s.concerns(name) {
			out = append(out, p.member)
		}
	}
	slices.SortFunc(out, byName)
	return out
}

// gone reports whether a process is known never to come back.
func (s *state) gone(name string) bool {
	p := s.peers[name]
	return p != nil && (p.dead != "" || p.done)
}

// ofPeers returns the names of the peers for which f holds.
func (s *state) ofPeers(f func(*peer) bool) map[string]bool {
	out := make(map[string]bool)
	for name, p := range s.peers {
		if f(p) {
			out[name] = true
		}
	}
	return out
}

func (s *state) dead() map[string]bool {
	return s.ofPeers(func(p *peer) bool { return p.dead != "" && !p.done })
}
func (s *state) done() map[string]bool { return s.ofPeers(func(p *peer) bool { return p.done }) }

// proofs returns the members of the rosters that matter which are proved dead.
func (s *state) proofs() []obituary {
	var out []obituary
	for name, p := range s.peers {
		if p.dead != "" && !p.done && s.concerns(name) {
			out = append(out, obituary{name, p.dead})
		}
	}
	slices.SortFunc(out, func(a, b obituary) int { return strings.Compare(a.Name, b.Name) })
	return out
}

// exclude keeps p out of rings, for at least so long, and longer each time.
func (p *peer) exclude(now time.Time, least time.Duration) {
	if now.Sub(p.barred) > 2*lastBar {
		p.bar = 0
	}
	p.bar = min(max(least, 2*p.bar), lastBar)
	p.barred = now.Add(p.bar)
}

// newcomers returns since when those have waited who are in no ring: the first
// and the last of them.
func (s *state) newcomers(now time.Time) (oldest, newest time.Time) {
	for name, p := range s.peers {
		if _, in := s.known.Rank(name); in || !s.isPresent(p, now) {
			continue
		}
		oldest = earliest(oldest, p.came)
		if p.came.After(newest) {
			newest = p.came
		}
	}
	return oldest, newest
}

// everywhere returns the peers to tell of what happens to this node: all that
// are not known to be gone, ordered by name.
func (s *state) everywhere() []Member {
	var out []Member
	for name, p := range s.peers {
		if p.dead == "" && !p.left && (p.seen || p.until.After(time.Now()) || s.concerns(name)) {
			out = append(out, p.member)
		}
	}
	slices.SortFunc(out, byName)
	return out
}

// given returns the name that a person gave to a member.
func given(name string) string {
	g, _, _ := strings.Cut(name, "#")
	return g
}
