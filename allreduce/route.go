package allreduce

// route is one node's part in the way of one chunk round the ring. The fold
// starts at shard c, at its host (the head), and ends at shard c-1 (mod S), at
// its host (the finisher). In between the partial sum visits the nodes in rank
// order; if head and finisher are the same node and it does not host all
// shards, the partial comes back to it, N hops later. The finished chunk then
// takes N-1 hops.
type route struct {
	head     bool // the fold starts here
	alone    bool // ... and ends here at once: this node hosts all shards
	partial  bool // a partial sum arrives here
	finishes bool // ... and is finished here
	finished bool // the finished chunk arrives here
	forward  bool // ... and is passed on

	lo, hi int // shards to fold when a partial arrives
}

// routeOf returns the part of t's node in the way of chunk c.
func routeOf(t Topology, c int) route {
	n, s := t.Nodes(), t.Count()
	head, finisher := t.host(c), t.host((c+s-1)%s)
	hops := (finisher - head + n) % n // of the partial sum
	own := t.Shards[head+1] - t.Shards[head]
	if hops == 0 && own < s {
		hops = n
	}
	d := (t.Rank - head + n) % n     // our distance from the head
	e := (t.Rank - finisher + n) % n // and from the finisher

	r := route{
		head:     d == 0,
		alone:    d == 0 && hops == 0,
		partial:  d > 0 && d <= hops || d == 0 && hops == n && n > 1,
		finished: e > 0,
		forward:  e > 0 && e < n-1,
		lo:       t.Shards[t.Rank],
		hi:       t.Shards[t.Rank+1],
	}
	r.finishes = r.partial && e == 0
	if r.head {
		r.hi = c // the others were folded at the start
	}
	return r
}
