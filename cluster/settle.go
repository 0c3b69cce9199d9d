package cluster

import (
	"fmt"
	"strings"
	"time"
)

// policy is what a node has been told about the ring to be formed.
type policy struct {
	Nodes  int           // how many nodes; 0: as many as come
	Shards int           // the most that can compute
	Join   bool          // whether others are to be looked for
	Settle time.Duration // with Nodes 0: how long nobody new must have come
}

// decision is what a view of the cluster allows now.
type decision struct {
	Propose []Member  // propose a ring of these members; nil: not now
	Again   time.Time // when time alone may change the decision; zero: never
	Reason  string    // why not now, for people
	Err     error     // no ring can be formed from this view
}

// leader returns the name of the member that may propose a roster: the lowest.
// members is ordered by name.
func leader(members []Member) string { return members[0].Name }

// decide says whether the node called self, which sees members (ordered by
// name, itself included), the newest of them since newest, may propose a ring.
// silent are those that did not answer its last proposal.
func decide(now time.Time, self string, members []Member, newest time.Time, silent map[string]bool, p policy) decision {
	if l := leader(members); l != self {
		return decision{Reason: fmt.Sprintf("waiting for %s to propose a ring of %s", l, wanted(len(members), p))}
	}
	want := p.Nodes
	if want == 0 && !p.Join {
		want = 1 // nobody was asked for and there is nobody to look for
	}
	have := len(members)
	switch {
	case want > 0 && have < want:
		return decision{Reason: fmt.Sprintf("%s here (%s)", wanted(have, p), names(members))}
	case want > 0:
		return decision{Propose: choose(members, want, silent)}
	case have > p.Shards:
		return decision{Err: tooMany(have, p.Shards)}
	case have < 2:
		return decision{Reason: "waiting for a second node"}
	case now.Before(newest.Add(p.Settle)):
		return decision{Again: newest.Add(p.Settle), Reason: fmt.Sprintf("%d nodes here, waiting %v for more", have, p.Settle)}
	default:
		return decision{Propose: members}
	}
}

// choose returns the want lowest of members, which are at least as many; the
// silent come last, so that one that cannot be reached does not keep out one
// that can.
func choose(members []Member, want int, silent map[string]bool) []Member {
	var out []Member
	for _, quiet := range []bool{false, true} {
		for _, m := range members {
			if silent[m.Name] == quiet {
				out = append(out, m)
			}
		}
	}
	return out[:want]
}

// tooMany is the error of a ring with more nodes than shards.
func tooMany(nodes, shards int) error {
	return fmt.Errorf("cluster: %d nodes for %d shards: a node without a shard has nothing to compute; start at most %d nodes or raise the number of shards",
		nodes, shards, shards)
}

// wanted says how far a ring is from complete.
func wanted(have int, p policy) string {
	if p.Nodes == 0 {
		return fmt.Sprintf("%d nodes", have)
	}
	return fmt.Sprintf("%d of %d nodes", have, p.Nodes)
}

// names lists members for people.
func names(members []Member) string {
	return strings.Join(each(members, func(m Member) string { return m.Name }), ", ")
}
