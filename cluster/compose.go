package cluster

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// poll is what a proposer knows when everybody that it asked has voted or has
// not answered.
type poll struct {
	votes []voted         // granted, the proposer's own among them
	known Roster          // the last roster that the proposer knows to be committed
	dead  map[string]bool // proved dead, by whoever proved it
	done  map[string]bool // have completed the run
	out   map[string]bool // who is not to be a member: it hangs, say
	shun  string          // who is to be left out if there are enough others
}

// gone reports whether a process is known never to come back.
func (p poll) gone(name string) bool { return p.dead[name] || p.done[name] }

// composition is a roster that may follow.
type composition struct {
	members   []Member // ordered by name
	witnesses []Member // are left out, and must accept it all the same: the quorum needs them
}

// compose returns the next roster, or why there can be none.
func compose(p poll, pol policy) (c composition, reason string) {
	if p.shun != "" {
		less := p
		less.shun, less.out = "", map[string]bool{p.shun: true}
		maps.Copy(less.out, p.out)
		if c, reason := compose(less, pol); reason == "" {
			return c, ""
		}
	}
	base := p.known
	for _, v := range p.votes {
		if v.vote.Committed.mark().after(base.mark()) {
			base = v.vote.Committed
		}
	}
	bases := undecided(p.votes, base.Generation)
	if base.Generation > 0 {
		bases = append([]Roster{base}, bases...)
	}
	for _, v := range p.votes {
		if _, in := base.Rank(v.member.Name); !p.out[v.member.Name] && (in || !v.vote.Idle) {
			c.members = append(c.members, v.member)
		}
	}
	c.members = choose(c.members, func(name string) bool { return within(bases, name) }, pol.most())
	if len(c.members) == 0 {
		return c, "nobody here waits for a ring"
	}
	if len(bases) == 0 {
		if len(c.members) < pol.first() {
			return c, tooFew(c.members, pol.first())
		}
		return c, ""
	}
	for _, b := range bases {
		if ok, reason := quorum(b, p.voted, p.gone, pol.Quorum); !ok {
			return c, reason
		}
	}
	if len(c.members)+completed(bases, p.done) < pol.Min {
		return c, tooFew(c.members, pol.Min)
	}
	for _, v := range p.votes {
		if within(bases, v.member.Name) && !slices.Contains(c.members, v.member) {
			c.witnesses = append(c.witnesses, v.member)
		}
	}
	return c, ""
}

// voted reports whether name has promised the generation.
func (p poll) voted(name string) bool {
	return slices.ContainsFunc(p.votes, func(v voted) bool { return v.member.Name == name })
}

// within reports whether one of the rosters lists name.
func within(rosters []Roster, name string) bool {
	return slices.ContainsFunc(rosters, func(r Roster) bool { _, in := r.Rank(name); return in })
}

// completed counts the members of the last ring for which the run is over:
// those who are left may finish without them, however many they are.
func completed(bases []Roster, done map[string]bool) int {
	n := 0
	for _, m := range bases[0].Members {
		if done[m.Name] {
			n++
		}
	}
	return n
}

// choose returns at most most of the members, ordered by name. Those who were
// in the ring before come first, then the lowest names.
func choose(members []Member, before func(name string) bool, most int) []Member {
	var old, fresh []Member
	for _, m := range members {
		if before(m.Name) {
			old = append(old, m)
		} else {
			fresh = append(fresh, m)
		}
	}
	slices.SortFunc(old, byName)
	slices.SortFunc(fresh, byName)
	out := append(old, fresh...)
	out = out[:min(len(out), most)]
	slices.SortFunc(out, byName)
	return out
}

// tooFew says how far a ring is from complete.
func tooFew(members []Member, want int) string {
	return fmt.Sprintf("%d of %d nodes here (%s)", len(members), want, names(members))
}

// names lists members for people.
func names(members []Member) string {
	return strings.Join(each(members, func(m Member) string { return m.Name }), ", ")
}
