package allreduce

// layout says where the buckets and chunks of a vector are: a pure function of
// its length, S and the bucket size, and so part of the numeric contract.
type layout struct {
	n      int // floats in the vector
	shards int // S, chunks of a bucket
	bucket int // floats in a bucket; the last may be shorter
}

// buckets returns the number of buckets.
func (l layout) buckets() int { return (l.n + l.bucket - 1) / l.bucket }

// chunk returns the bounds in the vector of chunk c of bucket b. Chunks of a
// short bucket may be empty.
func (l layout) chunk(b, c int) (lo, hi int) {
	start := b * l.bucket
	n := min(l.bucket, l.n-start)
	return start + n*c/l.shards, start + n*(c+1)/l.shards
}
