package allreduce

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"
)

// drawTopology draws any legal shard map, spares included.
func drawTopology(t *rapid.T) Topology {
	n := rapid.IntRange(1, 9).Draw(t, "nodes")
	s := rapid.IntRange(1, 12).Draw(t, "shards")
	top := Topology{Shards: []int{0}}
	for r := range n {
		top.Names = append(top.Names, fmt.Sprint(r))
		at := top.Shards[r]
		if r == n-1 {
			at = s
		} else {
			at = rapid.IntRange(at, s).Draw(t, "bound")
		}
		top.Shards = append(top.Shards, at)
	}
	return top
}

// TestRoutes walks every chunk round random rings: it must meet every shard
// once, in the order c, c+1, ..., c-1, whatever node it is on, and reach every
// node finished; and no node may wait for what does not come.
func TestRoutes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		top := drawTopology(t)
		if err := top.Validate(); err != nil {
			t.Fatal(err)
		}
		for c := range top.Count() {
			walk(t, top, c)
		}
	})
}

func walk(t *rapid.T, top Topology, c int) {
	n, s := top.Nodes(), top.Count()
	at := func(rank int) route {
		top.Rank = rank
		return routeOf(top, c)
	}
	var folded []int
	fold := func(lo, hi int) {
		for i := lo; i < hi; i++ {
			folded = append(folded, i)
		}
	}
	rank := top.host(c)
	r := at(rank)
	if !r.head {
		t.Fatalf("%v: host %d of shard %d is not the head", top.Shards, rank, c)
	}
	fold(c, top.Shards[rank+1])
	partials, finals := 0, 0
	if r.alone {
		fold(top.Shards[rank], c)
	}
	for done := r.alone; !done; {
		rank = (rank + 1) % n
		r = at(rank)
		if partials++; !r.partial || partials > n {
			t.Fatalf("%v: chunk %d: rank %d does not expect the partial sum", top.Shards, c, rank)
		}
		fold(r.lo, r.hi)
		done = r.finishes
	}
	for more := n > 1; more; more = r.forward {
		rank = (rank + 1) % n
		r = at(rank)
		if finals++; !r.finished {
			t.Fatalf("%v: chunk %d: rank %d does not expect the finished chunk", top.Shards, c, rank)
		}
	}
	for i, shard := range folded {
		if shard != (c+i)%s {
			t.Fatalf("%v: chunk %d is folded in the order %v", top.Shards, c, folded)
		}
	}
	if len(folded) != s || finals != n-1 {
		t.Fatalf("%v: chunk %d: %d of %d shards, %d of %d nodes", top.Shards, c, len(folded), s, finals, n-1)
	}
	for rank := range n {
		if r := at(rank); r.partial {
			partials--
		}
	}
	if partials != 0 {
		t.Fatalf("%v: chunk %d: %d nodes wait in vain", top.Shards, c, -partials)
	}
}

// TestChunks checks that the chunks of all buckets are the vector, in order,
// and that no two chunks of a bucket differ by more than one.
func TestChunks(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := layout{
			n:      rapid.IntRange(0, 5000).Draw(t, "n"),
			shards: rapid.IntRange(1, 12).Draw(t, "shards"),
			bucket: rapid.IntRange(1, 700).Draw(t, "bucket"),
			cells:  rapid.IntRange(1, 5).Draw(t, "cells"),
		}
		at := 0
		for b := range l.buckets() {
			least, most := l.bucket, 0
			for c := range l.shards {
				lo, hi := l.chunk(b, c)
				if lo != at || hi < lo {
					t.Fatalf("%+v: chunk %d of bucket %d is [%d, %d), want it to start at %d", l, c, b, lo, hi, at)
				}
				at = hi
				least, most = min(least, hi-lo), max(most, hi-lo)
			}
			if most-least > 1 {
				t.Fatalf("%+v: chunks of %d to %d floats", l, least, most)
			}
		}
		if at != l.n {
			t.Fatalf("%+v: ends at %d", l, at)
		}
	})
}

// TestContract fails when the bounds that decide the bits of a sum change.
func TestContract(t *testing.T) {
	l := layout{n: 2*BucketFloats + 1000, shards: 8, bucket: BucketFloats, cells: 1}
	for _, c := range []struct{ bucket, chunk, lo, hi int }{
		{0, 0, 0, 32768}, {0, 7, 229376, 262144}, {1, 3, 360448, 393216},
		{2, 0, 524288, 524413}, {2, 7, 525163, 525288},
	} {
		if lo, hi := l.chunk(c.bucket, c.chunk); lo != c.lo || hi != c.hi {
			t.Errorf("bucket %d, chunk %d: [%d, %d), want [%d, %d)", c.bucket, c.chunk, lo, hi, c.lo, c.hi)
		}
	}
}
