package allreduce

// layout says where the buckets and chunks of a vector are: a pure function of
// its length, S, the groups and the bucket size, and so part of the numeric
// contract.
type layout struct {
	n      int // floats in the vector
	shards int // S, chunks of a bucket
	bucket int // floats in a bucket; the last may be shorter
	// cells is 1, or, in the second level of a Sum, how many parts each of those
	// buckets is cut into, as the first level cuts it into chunks: they are the
	// buckets then, and shards counts groups.
	cells int
}

// buckets returns the number of buckets.
func (l layout) buckets() int { return (l.n + l.bucket - 1) / l.bucket * l.cells }

// bounds returns where bucket b lies in the vector.
func (l layout) bounds(b int) (lo, hi int) {
	start, cell := b/l.cells*l.bucket, b%l.cells
	n := min(l.bucket, l.n-start)
	return start + n*cell/l.cells, start + n*(cell+1)/l.cells
}

// chunk returns the bounds in the vector of chunk c of bucket b. Chunks of a
// short bucket may be empty.
func (l layout) chunk(b, c int) (lo, hi int) {
	lo, hi = l.bounds(b)
	n := hi - lo
	return lo + n*c/l.shards, lo + n*(c+1)/l.shards
}
