package allreducetest

import (
	"errors"
	"fmt"
	"testing"

	"github.com/ballast-ml/ballast/allreduce"
)

// GroupBounds spreads shards over nodes as a roster with groups does: whole
// groups while there are no more nodes than those, and then all groups alike,
// with spares behind the nodes of a group.
func GroupBounds(shards, groups, nodes int) []int {
	width := shards / groups
	if nodes <= groups {
		b := Bounds(groups, nodes)
		for i := range b {
			b[i] *= width
		}
		return b
	}
	part := Bounds(width, min(nodes/groups, width))
	b := []int{0}
	for g := range groups {
		for i := range (g+1)*nodes/groups - g*nodes/groups {
			b = append(b, g*width+part[min(i+1, len(part)-1)])
		}
	}
	return b
}

// grouped has the rings of open sum in groups of shards.
func grouped(open func(*testing.T, int) Net, groups int) func(*testing.T, int) Net {
	return func(t *testing.T, nodes int) Net {
		net := open(t, nodes)
		net.Groups = groups
		return net
	}
}

// levelled sizes are small, without the chords of 8 nodes: edges enough.
var levelled = allreduce.Sizes{Bucket: 64, Segment: 5, Stream: 4 * 65, Chords: 9}

// groupCases are shard maps of 8 shards in 2 and in 4 groups: nodes that host
// several groups, one, and parts of one, with a spare in a group.
var groupCases = map[int][][]int{
	2: {Bounds(8, 2), Bounds(8, 4), GroupBounds(8, 2, 7)},
	4: {{0, 2, 4, 8}, Bounds(8, 8)},
}

// testGroups puts sums in two levels through what concerns those.
func testGroups(t *testing.T, open func(*testing.T, int) Net) {
	for groups, cases := range groupCases {
		open := grouped(open, groups)
		t.Run(fmt.Sprint(groups), func(t *testing.T) {
			t.Run("Sum", func(t *testing.T) { testSum(t, open, levelled, cases) })
			t.Run("Pieces", func(t *testing.T) { testPieces(t, open, levelled, cases) })
			t.Run("Leave", func(t *testing.T) { testLeave(t, open, levelled, cases[1:]) })
			t.Run("Kill", func(t *testing.T) { testKill(t, open, levelled, 8/groups*2) })
		})
	}
	t.Run("Scalars", func(t *testing.T) { testScalars(t, grouped(open, 2), chorded, groupCases[2][1:]) })
	t.Run("Disagree", func(t *testing.T) {
		testGroupsDiffer(t, open(t, 4), func(top *allreduce.Topology) { top.Groups = 0 })
	})
	t.Run("Segments", func(t *testing.T) {
		testGroupsDiffer(t, open(t, 4), func(top *allreduce.Topology) { top.Sizes.Segment++ })
	})
	t.Run("Again", func(t *testing.T) { testGroupsAgain(t, open(t, 4)) })
}

// testGroupsDiffer has one node that wants other groups, or other segments, which
// two levels would wait for in vain: no ring starts.
func testGroupsDiffer(t *testing.T, net Net, edit func(*allreduce.Topology)) {
	testOneDiffers(t, net, func(top *allreduce.Topology) { top.Groups = 2 }, edit)
}

// testGroupsAgain forms rings of one generation after the other, of the same
// nodes with groups and without.
func testGroupsAgain(t *testing.T, net Net) {
	ctx, cancel := deadline(t)
	defer cancel()
	bounds := Bounds(8, 4)
	parts, factors := Inputs(8, 997, 1)
	for generation := uint64(1); generation < 6; generation++ {
		groups := int(generation % 2 * 2)
		want := make([]float32, 997)
		Reference(want, parts, factors, groups, small.Bucket)
		errs := Each(4, func(r int) error {
			top := net.Topology(r, bounds, small)
			top.Generation, top.Groups = generation, groups
			ring, err := allreduce.Form(ctx, net.Transports[r], top)
			if err != nil {
				return err
			}
			dst := make([]float32, len(want))
			err = ring.At(1).Sum(ctx, dst, parts[bounds[r]:bounds[r+1]], factors[bounds[r]:bounds[r+1]])
			if err == nil {
				err = sameBits(dst, want)
			}
			return errors.Join(err, ring.Close())
		})
		if err := errors.Join(errs...); err != nil {
			t.Fatalf("generation %d: %v", generation, err)
		}
	}
}
