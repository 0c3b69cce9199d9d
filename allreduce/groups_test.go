package allreduce_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ballast-ml/ballast/allreduce"
	"github.com/ballast-ml/ballast/allreduce/allreducetest"
	"github.com/ballast-ml/ballast/internal/bubble"
	"pgregory.net/rapid"
)

// inGroups is memNet with groups.
func inGroups(nodes, groups int) (allreducetest.Net, *allreduce.Mem) {
	net, m := memNet(nodes)
	net.Groups = groups
	return net, m
}

// TestGroupLaws draws shards, groups, lengths, sizes and any number of nodes,
// spares included: all get the bits of the reference.
func TestGroupLaws(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		groups := rapid.IntRange(1, 5).Draw(rt, "groups")
		s := groups * rapid.IntRange(1, 5).Draw(rt, "width")
		n := rapid.IntRange(1, s+2).Draw(rt, "nodes")
		length := rapid.IntRange(0, 600).Draw(rt, "length")
		bucket := rapid.IntRange(1, 300).Draw(rt, "bucket")
		segment := rapid.IntRange(1, 20).Draw(rt, "segment")
		parts, factors := allreducetest.Inputs(s, length, 3)
		want := make([]float32, length)
		allreducetest.Reference(want, parts, factors, groups, bucket)
		net, m := inGroups(n, groups)
		bounds := allreducetest.GroupBounds(s, groups, n)
		errs := allreducetest.Each(n, func(r int) error {
			ring, err := allreduce.Form(t.Context(), m, net.Topology(r, bounds, allreduce.Sizes{Bucket: bucket, Segment: segment}))
			if err != nil {
				return err
			}
			for step := range uint64(2) {
				dst := make([]float32, length)
				err = errors.Join(err, ring.At(step).Sum(t.Context(), dst, parts[bounds[r]:bounds[r+1]], factors[bounds[r]:bounds[r+1]]))
				if i := differs(dst, want); i >= 0 && err == nil {
					err = fmt.Errorf("rank %d, element %d: %v, want %v", r, i, dst[i], want[i])
				}
			}
			return errors.Join(err, ring.Close())
		})
		if err := errors.Join(errs...); err != nil {
			rt.Fatal(err)
		}
	})
}

// differs returns the first element whose bits differ, or -1.
func differs(got, want []float32) int {
	for i := range want {
		if math.Float32bits(got[i]) != math.Float32bits(want[i]) {
			return i
		}
	}
	return -1
}

// TestGroupsOfOne wants groups of one shard, and one group of all, to be the
// ring as it is, and two groups to be something else.
func TestGroupsOfOne(t *testing.T) {
	const s, length = 6, 1000
	parts, factors := allreducetest.Inputs(s, length, 9)
	sums := make(map[int][]float32)
	for _, groups := range []int{0, 1, 2, 6} {
		net, _ := inGroups(3, groups)
		bounds := allreducetest.Bounds(s, 3)
		if groups == 2 {
			bounds = []int{0, 3, 6, 6}
		}
		sums[groups] = sum(t, net.Form(t, bounds, small), bounds, 0, parts, factors, length)[1]
	}
	if differs(sums[1], sums[0]) >= 0 || differs(sums[6], sums[0]) >= 0 {
		t.Error("trivial groups have another order of additions than none")
	}
	if differs(sums[2], sums[0]) < 0 {
		t.Error("two groups have the order of additions of a ring")
	}
}

// TestGroupsUnderDelays has edges that differ by far, so that a group is often
// ahead of others by all that may be under way: the levels must not wait for
// each other.
func TestGroupsUnderDelays(t *testing.T) {
	for seed := range uint64(40) {
		bubble.Test(t, func(t *testing.T) {
			rng := rand.New(rand.NewPCG(seed, 5))
			groups, nodes := 2+rng.IntN(3), 0
			s := 4 * groups
			nodes = groups*(2+rng.IntN(3)) + rng.IntN(groups)
			const length = 3000
			net, m := inGroups(nodes, groups)
			for from := range nodes {
				for to := range nodes {
					m.Delay(allreducetest.Name(from), allreducetest.Name(to), time.Duration(1+rng.IntN(1<<rng.IntN(12)))*time.Millisecond)
				}
			}
			bounds := allreducetest.GroupBounds(s, groups, nodes)
			rings := net.Form(t, bounds, allreduce.Sizes{Bucket: 500, Segment: 1 + rng.IntN(8)})
			parts, factors := allreducetest.Inputs(s, length, seed)
			want := make([]float32, length)
			allreducetest.Reference(want, parts, factors, groups, 500)
			for step := range uint64(2) {
				for r, got := range sum(t, rings, bounds, step, parts, factors, length) {
					if i := differs(got, want); i >= 0 {
						t.Fatalf("seed %d, rank %d: element %d is %v, want %v", seed, r, i, got[i], want[i])
					}
				}
			}
		})
	}
}

// groupCase is a ring of two levels: 8 shards in groups on so many nodes.
var groupCases = []struct{ groups, nodes int }{{2, 4}, {2, 7}, {4, 3}, {4, 8}}

// TestKillAnywhereInGroups kills a node at every frame of a step: all survivors,
// those of other groups too, must name it at once.
func TestKillAnywhereInGroups(t *testing.T) {
	for _, c := range groupCases {
		open := func(int) (allreducetest.Net, *allreduce.Mem) { return inGroups(c.nodes, c.groups) }
		killAnywhere(t, open, allreducetest.GroupBounds(8, c.groups, c.nodes), small)
	}
	open := func(nodes int) (allreducetest.Net, *allreduce.Mem) { return inGroups(nodes, 2) }
	killAnywhere(t, open, allreducetest.Bounds(8, 8), chorded)
}

// TestDropAnywhereInGroups loses one frame, of either level.
func TestDropAnywhereInGroups(t *testing.T) {
	for _, c := range groupCases {
		open := func(int) (allreducetest.Net, *allreduce.Mem) { return inGroups(c.nodes, c.groups) }
		dropAnywhere(t, open, allreducetest.GroupBounds(8, c.groups, c.nodes), small)
	}
}

// TestCutLevels cuts an edge that one level alone has: one of its nodes at least
// notices that it has lost the other, and all hear of it at once, in the Sum and
// before it.
func TestCutLevels(t *testing.T) {
	const nodes = 6 // two groups of three
	bounds := allreducetest.GroupBounds(12, 2, nodes)
	for name, edge := range map[string][2]int{"in a group": {5, 3}, "across": {1, 4}} {
		for at := range 12 { // frames that the edge carries first
			bubble.Test(t, func(t *testing.T) {
				net, m := inGroups(nodes, 2)
				from, to := allreducetest.Name(edge[0]), allreducetest.Name(edge[1])
				var carried atomic.Int64
				m.Watch(func(a, b string, _ allreduce.Header) {
					if a == from && b == to && carried.Add(1) == int64(at) {
						m.Cut(from, to)
					}
				})
				rings := net.Form(t, bounds, small)
				if at == 0 {
					m.Cut(from, to)
				}
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				defer cancel()
				parts, factors := allreducetest.Inputs(12, 300, 1)
				start := time.Now()
				errs := allreducetest.Each(nodes, func(r int) (err error) {
					for step := uint64(0); err == nil; step++ {
						err = rings[r].At(step).Sum(ctx, make([]float32, 300), parts[bounds[r]:bounds[r+1]], factors[bounds[r]:bounds[r+1]])
					}
					return err
				})
				noticed := false
				for r, err := range errs {
					pe, ok := errors.AsType[*allreduce.PeerError](err)
					if !ok || pe.Peer != allreducetest.Name(pe.Rank) {
						t.Errorf("%s, frame %d, rank %d: %v, want a PeerError", name, at, r, err)
						continue
					}
					noticed = noticed || errors.Is(err, allreduce.ErrLost) && (r == edge[0] && pe.Rank == edge[1] || r == edge[1] && pe.Rank == edge[0])
				}
				if !noticed {
					t.Errorf("%s, frame %d: neither node has lost the other: %v", name, at, errs)
				}
				if d := time.Since(start); d > 0 {
					t.Errorf("%s, frame %d: took %v", name, at, d)
				}
			})
		}
	}
}

// TestGroupsTakeFewHops sums a short vector over edges that take a while each:
// 2(N/F-1) hops in the groups and 2(F-1) across them, instead of 2(N-1).
func TestGroupsTakeFewHops(t *testing.T) {
	const hop = 10 * time.Millisecond
	for _, c := range []struct{ nodes, groups, hops int }{
		{16, 0, 30}, {16, 4, 12}, {16, 2, 16}, {16, 8, 16}, {9, 3, 8}, {4, 4, 6}, {2, 4, 3},
	} {
		bubble.Test(t, func(t *testing.T) {
			net, m := inGroups(c.nodes, c.groups)
			for from := range c.nodes {
				for to := range c.nodes {
					m.Delay(allreducetest.Name(from), allreducetest.Name(to), hop)
				}
			}
			s := max(c.nodes, c.groups)
			bounds := allreducetest.Bounds(s, c.nodes)
			rings := net.Form(t, bounds, allreduce.Sizes{})
			parts, factors := allreducetest.Inputs(s, 1000, 1)
			start := time.Now()
			sum(t, rings, bounds, 0, parts, factors, 1000)
			if d := time.Since(start); d != time.Duration(c.hops)*hop {
				t.Errorf("%d nodes in %d groups: %v, want %d hops", c.nodes, c.groups, d, c.hops)
			}
		})
	}
}

// TestGroupShapes has topologies whose nodes cannot sum in groups.
func TestGroupShapes(t *testing.T) {
	for _, c := range []struct {
		groups int
		bounds []int
		ok     bool
	}{
		{-1, []int{0, 8}, false},
		{3, []int{0, 8}, false},
		{2, []int{0, 8}, true},
		{2, []int{0, 0, 4, 8}, true}, // whole groups, spares anywhere
		{2, []int{0, 2, 4, 6, 8}, true},
		{2, []int{0, 2, 4, 4, 6, 8, 8}, true},
		{2, []int{0, 2, 8}, false},             // parts of two groups
		{2, []int{0, 2, 4, 8}, false},          // a group on two nodes, and one on one
		{2, []int{0, 1, 4, 7, 8}, false},       // cut in other places
		{2, []int{0, 0, 2, 4, 6, 8}, false},    // a spare before all others
		{2, []int{0, 2, 6, 8}, false},          // across a bound
		{4, []int{0, 1, 2, 3, 4, 5, 8}, false}, // three groups on one node
	} {
		top := allreduce.Topology{Names: []string{"a", "b", "c", "d", "e", "f", "g"}[:len(c.bounds)-1], Shards: c.bounds, Groups: c.groups}
		if err := top.Validate(); (err == nil) != c.ok || err != nil && !errors.Is(err, allreduce.ErrShape) {
			t.Errorf("%d groups, bounds %v: %v", c.groups, c.bounds, err)
		}
	}
}

// TestGroupEdges wants each circle to be one, and a spare to have no part in
// the second level.
func TestGroupEdges(t *testing.T) {
	bounds := []int{0, 2, 4, 4, 6, 8, 8}
	net, _ := inGroups(6, 2)
	next := func(level allreduce.Level) (out []int) {
		for r := range 6 {
			top := net.Topology(r, bounds, small)
			top.Level = level
			if !slices.Contains(top.Edges(), allreduce.Edge{Level: level, Stride: 1}) {
				out = append(out, -1)
				continue
			}
			to := top.Next()
			top.Rank = to
			if top.Prev() != r {
				t.Errorf("level %d: %d sends to %d, which hears %d", level, r, to, top.Prev())
			}
			out = append(out, to)
		}
		return out
	}
	for level, want := range [][]int{{1, 2, 3, 4, 5, 0}, {1, 2, 0, 4, 5, 3}, {3, 4, -1, 0, 1, -1}} {
		if got := next(allreduce.Level(level)); !slices.Equal(got, want) {
			t.Errorf("level %d: next nodes %v, want %v", level, got, want)
		}
	}
}

// TestBadFramesAcross has a node send across the groups what no ring in order
// would. The one that gets it names it at once.
func TestBadFramesAcross(t *testing.T) {
	for name, edit := range map[string]func(h *allreduce.Header){
		"record":             func(h *allreduce.Header) { h.Leg = allreduce.Record },
		"bucket":             func(h *allreduce.Header) { h.Bucket = 99 },
		"cell of others":     func(h *allreduce.Header) { h.Bucket ^= 2 },
		"chunk":              func(h *allreduce.Header) { h.Chunk = 2 },
		"gap":                func(h *allreduce.Header) { h.Offset++ },
		"length of the sum":  func(h *allreduce.Header) { h.Total++ },
		"finished by itself": func(h *allreduce.Header) { h.Leg = allreduce.Finished },
	} {
		bubble.Test(t, func(t *testing.T) {
			net, m := inGroups(4, 2)
			bounds := allreducetest.Bounds(8, 4)
			links, rings := make([]allreduce.Link, 3), make([]*allreduce.Ring, 4)
			errs := allreducetest.Each(6, func(i int) (err error) {
				if i < 3 { // node 0 is links alone
					top := net.Topology(0, bounds, small)
					top.Level = allreduce.Level(i)
					links[i], err = m.Open(t.Context(), top)
				} else {
					rings[i-2], err = allreduce.Form(t.Context(), m, net.Topology(i-2, bounds, small))
				}
				return err
			})
			if err := errors.Join(errs...); err != nil {
				t.Fatal(err)
			}
			parts, factors := allreducetest.Inputs(8, 64, 1)
			errs = allreducetest.Each(4, func(r int) error {
				if r > 0 {
					return rings[r].At(1).Sum(t.Context(), make([]float32, 64), parts[2*r:2*r+2], factors[2*r:2*r+2])
				}
				f, err := links[allreduce.AcrossGroups].Recv() // one in order, to make a bad one of
				if err != nil {
					return err
				}
				h, _ := f.Header()
				h.Chunk = 0
				edit(&h)
				h.Append(f.Bytes()[:0])
				return links[allreduce.AcrossGroups].Send(t.Context(), f)
			})
			pe, ok := errors.AsType[*allreduce.PeerError](errs[2])
			if errs[0] != nil || !ok || pe.Rank != 0 || pe.Peer != allreducetest.Name(0) || !errors.Is(pe, allreduce.ErrFrame) {
				t.Errorf("%s: %v, %v, want a PeerError of rank 0: a bad frame", name, errs[0], errs[2])
			}
			for r, err := range errs[1:] {
				if _, ok := errors.AsType[*allreduce.PeerError](err); !ok {
					t.Errorf("%s: rank %d: %v, want a PeerError", name, r+1, err)
				}
			}
			for i := range 3 {
				links[i].Close()
				rings[i+1].Close()
			}
		})
	}
}
