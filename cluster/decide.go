package cluster

import (
	"fmt"
	"slices"
	"time"
)

// policy is what a node has been told about its rings.
type policy struct {
	Nodes    int           // how many nodes form the first; 0: as many as come
	Min, Max int           // how many any ring has
	Quorum   int           // see quorum; 0: a majority
	Shards   int           // how many nodes can compute
	Join     bool          // whether others are to be looked for
	Settle   time.Duration // with Nodes 0: how long nobody new must have come
}

// first returns how many nodes the first ring takes at least.
func (p policy) first() int {
	switch {
	case p.Nodes > 0:
		return max(p.Nodes, p.Min)
	case p.Join:
		return max(2, p.Min)
	default: // nobody was asked for and there is nobody to look for
		return max(1, p.Min)
	}
}

// most returns how many nodes a ring takes at most.
func (p policy) most() int {
	if p.Max > 0 {
		return min(p.Max, maxMembers)
	}
	return maxMembers
}

// situation is what a node sees when it thinks about the next ring.
type situation struct {
	now     time.Time
	self    string
	present []Member               // who may be in it, ordered by name, self among them
	barred  []Member               // members of the last ring who are here and are to be left out
	known   Roster                 // the last roster known to be committed
	open    []Roster               // later ones that may have been
	gone    func(name string) bool // proved dead, or done
	done    map[string]bool        // have completed the run
	need    string                 // why there must be another ring; "": there is a good one
	oldest  time.Time              // since when the newcomers have waited: the first of them
	newest  time.Time              // and the last
}

// decision is what a situation calls for.
type decision struct {
	Ask    []Member  // ask these for their votes; nil: not now
	Why    string    // why there is to be a new ring, for people
	Again  time.Time // when time alone may change the decision; zero: never
	Reason string    // why not now, for people
	Err    error     // there can be no ring
}

// How long the leader of a good ring waits for more newcomers before it takes
// in those who are there: until nobody has come for joinQuiet, but no longer
// than joinLimit after the first.
const (
	joinQuiet = 40 * time.Millisecond
	joinLimit = 400 * time.Millisecond
)

// leader returns the name of the node that may propose a ring: the lowest of
// the last ring's members who are there; if there are none, the lowest of all.
// present is ordered by name.
func leader(present []Member, known Roster) string {
	for _, m := range present {
		if _, in := known.Rank(m.Name); in {
			return m.Name
		}
	}
	return present[0].Name
}

// decide says what a node does about the next ring.
func decide(s situation, p policy) decision {
	if l := leader(s.present, s.known); l != s.self {
		return decision{Reason: fmt.Sprintf("waiting for %s to form a ring", l)}
	}
	if s.known.Generation == 0 && len(s.open) == 0 {
		return decideFirst(s, p)
	}
	before := func(name string) bool { return within(append(s.open, s.known), name) }
	chosen := choose(s.present, before, p.most())
	fresh := slices.DeleteFunc(slices.Clone(chosen), func(m Member) bool { return before(m.Name) })
	switch {
	case s.need == "" && len(fresh) == 0:
		return decision{}
	case s.need == "":
		if due := earliest(s.newest.Add(joinQuiet), s.oldest.Add(joinLimit)); s.now.Before(due) {
			return decision{Again: due}
		}
	}
	if reason := hopeless(s, chosen, p); reason != "" {
		return decision{Reason: reason}
	}
	ask := append(chosen, s.barred...)
	why := s.need
	if why == "" {
		why = names(fresh) + " joins"
	}
	return decision{Ask: ask, Why: why}
}

// hopeless says why asking for votes would be in vain; "" if it would not.
func hopeless(s situation, chosen []Member, p policy) string {
	in := func(name string) bool {
		return slices.ContainsFunc(append(chosen, s.barred...), func(m Member) bool { return m.Name == name })
	}
	if ok, reason := quorum(s.known, in, s.gone, p.Quorum); !ok {
		return reason
	}
	if len(chosen)+completed([]Roster{s.known}, s.done) < p.Min {
		return tooFew(chosen, p.Min)
	}
	return ""
}

// decideFirst is decide for a run that has had no ring.
func decideFirst(s situation, p policy) decision {
	have := len(s.present)
	switch {
	case have < p.first() && p.Nodes == 0 && p.first() == 2:
		return decision{Reason: "waiting for a second node"}
	case have < p.first():
		return decision{Reason: tooFew(s.present, p.first())}
	case p.Nodes == 0 && have > p.Shards:
		return decision{Err: tooMany(have, p.Shards)}
	case p.Nodes == 0 && p.Join && s.now.Before(s.newest.Add(p.Settle)):
		return decision{Again: s.newest.Add(p.Settle), Reason: fmt.Sprintf("%d nodes here, waiting %v for more", have, p.Settle)}
	default:
		return decision{Ask: choose(s.present, func(string) bool { return true }, p.most()), Why: "enough nodes are here"}
	}
}

// tooMany is the error of a first ring with more nodes than shards.
func tooMany(nodes, shards int) error {
	return fmt.Errorf("cluster: %d nodes for %d shards: a node without a shard has nothing to compute; start at most %d nodes or raise the number of shards",
		nodes, shards, shards)
}
