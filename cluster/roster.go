package cluster

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
)

// maxMembers bounds a roster that comes from the network.
const maxMembers = 1024

// Roster is the agreed, ordered list of the members of a ring. A member's rank
// is its index. Rosters are values: treat the slices as read-only.
type Roster struct {
	// Generation is the roster's number, from 1; a later roster has a higher one.
	Generation uint64 `json:"generation"`
	// Members are ordered by name.
	Members []Member `json:"members"`
	// Shards are len(Members)+1 bounds: rank r hosts shards [Shards[r], Shards[r+1]).
	// With more members than shards, the last ones host none; with Groups, the
	// last ones of each group.
	Shards []int `json:"shards"`
	// Groups is that of [Config].
	Groups int `json:"groups,omitempty"`
}

// newRoster returns the roster of the members, in any order, with the shards
// split evenly.
func newRoster(generation uint64, members []Member, shards, groups int) Roster {
	if len(members) == 0 || shards < 1 {
		panic(fmt.Sprintf("cluster: a roster of %d members for %d shards", len(members), shards))
	}
	members = slices.Clone(members)
	slices.SortFunc(members, byName)
	return Roster{Generation: generation, Members: members, Shards: split(shards, groups, len(members)), Groups: groups}
}

// byName orders members by name.
func byName(a, b Member) int { return strings.Compare(a.Name, b.Name) }

// split returns the bounds of nodes contiguous runs of shards. Without groups
// their lengths differ by one at most, and the empty ones come last.
//
// With groups no run has parts of two. As long as there are no more nodes than
// groups, these are shared as shards are. With more, each group has its nodes,
// all groups are shared alike, and a node too many in one hosts nothing: the
// group with the fewest decides when a step is over in any case.
func split(shards, groups, nodes int) []int {
	if groups == 0 {
		return even(shards, nodes)
	}
	width := shards / groups
	if nodes <= groups {
		bounds := even(groups, nodes)
		for r := range bounds {
			bounds[r] *= width
		}
		return bounds
	}
	part := even(width, min(nodes/groups, width))
	bounds := make([]int, 1, nodes+1)
	for g := range groups {
		for i := range (g+1)*nodes/groups - g*nodes/groups {
			bounds = append(bounds, g*width+part[min(i+1, len(part)-1)])
		}
	}
	return bounds
}

// even returns the bounds of nodes contiguous runs of shards whose lengths
// differ by one at most; the empty ones come last.
func even(shards, nodes int) []int {
	bounds := make([]int, nodes+1)
	for r := range bounds {
		if nodes > shards {
			bounds[r] = min(r, shards)
		} else {
			bounds[r] = r * shards / nodes
		}
	}
	return bounds
}

// Rank returns the rank of the member called name.
func (r Roster) Rank(name string) (rank int, ok bool) {
	return slices.BinarySearchFunc(r.Members, name, func(m Member, name string) int { return strings.Compare(m.Name, name) })
}

// Range returns the shards [lo, hi) that the member of the rank hosts.
func (r Roster) Range(rank int) (lo, hi int) { return r.Shards[rank], r.Shards[rank+1] }

// Names returns the members' names by rank.
func (r Roster) Names() []string { return each(r.Members, func(m Member) string { return m.Name }) }

// Addrs returns the members' addresses by rank.
func (r Roster) Addrs() []string { return each(r.Members, func(m Member) string { return m.Addr }) }

// Hash identifies the roster: equal for equal rosters, and for practical
// purposes different for different ones.
func (r Roster) Hash() uint64 {
	h := sha256.New()
	number := func(v uint64) { h.Write(binary.BigEndian.AppendUint64(nil, v)) }
	text := func(s string) { number(uint64(len(s))); h.Write([]byte(s)) }
	number(r.Generation)
	number(uint64(len(r.Members)))
	for _, m := range r.Members {
		text(m.Name)
		text(m.Addr)
		text(m.Host)
		text(m.Token)
	}
	for _, s := range r.Shards {
		number(uint64(s))
	}
	number(uint64(r.Groups))
	return binary.BigEndian.Uint64(h.Sum(nil))
}

// mark tells rosters apart and says which supersedes which. Two rosters of one
// generation are possible only if a proof of death came too late or was wrong;
// the one with the lower hash gives way then.
type mark struct {
	Generation uint64 `json:"generation"`
	Hash       uint64 `json:"hash"`
}

// mark returns the roster's mark; the zero one of no roster.
func (r Roster) mark() mark {
	if r.Generation == 0 {
		return mark{}
	}
	return mark{r.Generation, r.Hash()}
}

// after reports whether m supersedes o.
func (m mark) after(o mark) bool {
	return m.Generation > o.Generation || m.Generation == o.Generation && m.Hash > o.Hash
}

// clone returns a copy that shares no memory with r.
func (r Roster) clone() Roster {
	r.Members, r.Shards = slices.Clone(r.Members), slices.Clone(r.Shards)
	return r
}

// check reports whether r, which came from the network, is well formed: a
// generation, members in order, and an even split of the shards.
func (r Roster) check() error {
	n := len(r.Members)
	switch {
	case r.Generation == 0:
		return fmt.Errorf("cluster: roster without a generation")
	case n == 0 || n > maxMembers:
		return fmt.Errorf("cluster: roster of %d members, want 1 to %d", n, maxMembers)
	case len(r.Shards) != n+1 || r.Shards[n] < 1 || r.Groups < 0 || r.Groups > 0 && r.Shards[n]%r.Groups != 0:
		return fmt.Errorf("cluster: roster with shard bounds %v in %d groups", r.Shards, r.Groups)
	case !slices.Equal(r.Shards, split(r.Shards[n], r.Groups, n)):
		return fmt.Errorf("cluster: roster with shard bounds %v is not an even split over %d members", r.Shards, n)
	}
	for i, m := range r.Members {
		if err := m.check(); err != nil {
			return err
		}
		if i > 0 && r.Members[i-1].Name >= m.Name {
			return fmt.Errorf("cluster: roster out of order: %s before %s", r.Members[i-1].Name, m.Name)
		}
	}
	return nil
}

// each maps members to strings.
func each(members []Member, f func(Member) string) []string {
	out := make([]string, len(members))
	for i, m := range members {
		out[i] = f(m)
	}
	return out
}
