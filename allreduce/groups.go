package allreduce

import (
	"fmt"
	"slices"
)

// Level is a circle of nodes that the edges of one kind make.
type Level int

// The circles. Nodes that host whole groups of shards need the ring alone, for
// both levels of a Sum.
const (
	// WholeRing is all nodes, by rank, and what its chords leave out of it.
	WholeRing Level = iota
	// InGroup is the nodes that share one group of shards.
	InGroup
	// AcrossGroups is one node of each group: those that host the same shards of
	// theirs.
	AcrossGroups
)

// Edge says which of a node's edges a link is.
type Edge struct {
	Level  Level
	Stride int // in ranks, on the ring; else 1
}

// Edges returns this node's edges, that of the ring itself first.
func (t Topology) Edges() []Edge {
	var edges []Edge
	for _, s := range t.strides() {
		edges = append(edges, Edge{WholeRing, s})
	}
	if !t.split() {
		return edges
	}
	edges = append(edges, Edge{InGroup, 1})
	if t.Shards[t.Rank] < t.Shards[t.Rank+1] { // no spare
		edges = append(edges, Edge{AcrossGroups, 1})
	}
	return edges
}

// edge returns which one a link of t is.
func (t Topology) edge() Edge { return Edge{t.Level, t.stride()} }

// on returns t with another edge.
func (t Topology) on(e Edge) Topology {
	t.Level, t.Stride = e.Level, e.Stride
	return t
}

// grouped reports whether a Sum has two levels: with one group, or as many as
// shards, one of them would do nothing.
func (t Topology) grouped() bool { return t.Groups > 1 && t.Groups < t.Count() }

// width returns the number of shards in a group.
func (t Topology) width() int { return t.Count() / t.Groups }

// split reports whether nodes share a group of shards, so that each level of a
// Sum has a circle of its own.
func (t Topology) split() bool {
	return t.grouped() && slices.ContainsFunc(t.Shards, func(bound int) bool { return bound%t.width() != 0 })
}

// group returns the group of a rank's shards. A spare belongs to the nodes
// before it.
func (t Topology) group(rank int) int { return max(0, t.Shards[rank+1]-1) / t.width() }

// groupOf returns the ranks [first, last) of a rank's group.
func (t Topology) groupOf(rank int) (first, last int) {
	first, last = rank, rank+1
	for first > 0 && t.group(first-1) == t.group(rank) {
		first--
	}
	for last < len(t.Names) && t.group(last) == t.group(rank) {
		last++
	}
	return first, last
}

// beside returns the rank that hosts in another group, so many groups further
// on, what this one hosts in its own.
func (t Topology) beside(groups int) int {
	lo := (t.Shards[t.Rank] + t.Count() + groups*t.width()) % t.Count()
	return t.host(lo)
}

// wholeGroups returns the ring of the groups, which take the places of the
// shards.
func (t Topology) wholeGroups() Topology {
	width := t.width()
	t.Shards = slices.Clone(t.Shards)
	for i := range t.Shards {
		t.Shards[i] /= width
	}
	return t
}

// inGroup returns the circle of this node's group as a ring of its own.
func (t Topology) inGroup() Topology {
	first, last := t.groupOf(t.Rank)
	start := t.group(t.Rank) * t.width()
	t.Rank -= first
	t.Names, t.Addrs = t.Names[first:last], nil
	t.Shards = slices.Clone(t.Shards[first : last+1])
	for i := range t.Shards {
		t.Shards[i] -= start
	}
	return t
}

// acrossGroups returns the circle of this node and its like in the other groups
// as a ring of its own, with a group for a shard.
func (t Topology) acrossGroups() Topology {
	names := make([]string, t.Groups)
	bounds := make([]int, t.Groups+1)
	for g := range names {
		names[g] = t.Names[t.beside(g-t.group(t.Rank))]
		bounds[g+1] = g + 1
	}
	t.Rank = t.group(t.Rank)
	t.Names, t.Addrs, t.Shards = names, nil, bounds
	return t
}

// validateGroups is the part of Validate about two levels.
func (t Topology) validateGroups() error {
	switch {
	case t.Groups < 0 || t.Groups > 1 && t.Count()%t.Groups != 0:
		return fmt.Errorf("%w: %d shards do not divide into %d groups", ErrShape, t.Count(), t.Groups)
	case !t.split():
		return nil
	}
	var model []int // the bounds of the first group, without its spares
	for first := 0; first < t.Nodes(); {
		_, last := t.groupOf(first)
		here := t
		here.Rank = first
		bounds := slices.Compact(here.inGroup().Shards)
		if model == nil {
			model = bounds
		}
		if !slices.Equal(bounds, model) {
			return fmt.Errorf("%w: the nodes of group %d cut it at %d, those of the first at %d: want them alike",
				ErrShape, t.group(first), bounds, model)
		}
		first = last
	}
	if t.Shards[1] == 0 || model[0] != 0 || model[len(model)-1] != t.width() {
		return fmt.Errorf("%w: shard bounds %d: want nodes that host whole groups or a part of one, and no spare before the others", ErrShape, t.Shards)
	}
	return nil
}
