package cluster

import (
	"fmt"
	"strings"
)

// quorum says whether a ring of the members for which in holds may follow the
// ring of base, and if not, why. R is base without the members proved dead:
// those of R that are in must be more than half of R, or exactly half with R's
// first member among them. So of two sides that do not hear each other at most
// one goes on. With k > 0 it takes k members of R, or all of R if it has fewer.
//
// Silence is no proof: a silent member counts against whoever wants to go on
// without it.
func quorum(base Roster, in, dead func(name string) bool, k int) (ok bool, reason string) {
	var all, here, away []string
	for _, m := range base.Members {
		switch {
		case dead(m.Name):
			continue
		case in(m.Name):
			here = append(here, m.Name)
		default:
			away = append(away, m.Name)
		}
		all = append(all, m.Name)
	}
	need := len(all)/2 + 1
	switch {
	case k > 0:
		need = min(k, len(all))
	case len(all) == 0 || 2*len(here) == len(all) && in(all[0]):
		need = len(here)
	}
	if len(here) >= need {
		return true, ""
	}
	return false, fmt.Sprintf("%d of the %d members of ring %d that may be alive are here, %d are needed: waiting for %s",
		len(here), len(all), base.Generation, need, strings.Join(away, ", "))
}

// undecided returns the rosters above a generation that may have been
// committed without any of the voters knowing it: its proposer may have had
// everybody's acceptance and then fallen silent. A roster of which a voter is a
// member without having accepted it is none of them: that voter has promised
// itself to a later generation by now, so the proposer never had it and never
// will. The proposer is itself such a voter once it has given the roster up.
//
// Whatever follows needs a quorum of each of them, as if it had been
// committed. All that a voter has accepted since the last committed roster
// counts, not the latest alone: the latest may have hidden one before it.
func undecided(votes []voted, above uint64) []Roster {
	var open []Roster
	seen := make(map[uint64]bool)
	for _, v := range votes {
		for _, a := range v.vote.Accepted {
			h := a.Roster.Hash()
			if a.Roster.Generation <= above || seen[h] {
				continue
			}
			seen[h] = true
			if !declined(votes, a.Roster.Members, h) {
				open = append(open, a.Roster)
			}
		}
	}
	return open
}

// declined reports whether a voter is among members and has not accepted the
// roster of that hash.
func declined(votes []voted, members []Member, hash uint64) bool {
	in := make(map[string]bool, len(members))
	for _, m := range members {
		in[m.Name] = true
	}
	for _, v := range votes {
		if in[v.member.Name] && !v.vote.accepted(hash) {
			return true
		}
	}
	return false
}
