package allreduce

import (
	"fmt"
	"math"
)

// The numeric contract of Sum: changing BucketFloats changes bits.
const (
	// BucketFloats is the length of a bucket.
	BucketFloats = 256 << 10
	// SegmentFloats is the most that one frame of a Sum carries. It is free:
	// no bit depends on it.
	SegmentFloats = 64 << 10
	// window is how many segments of its own a node has under way at once:
	// enough to keep every link of a ring busy, few enough to stay in cache.
	window = 16
	// streamBytes is the length of a vector from which on a Sum writes dst past
	// the caches: what its start has left in them is gone at its end, while
	// reading each line before it is overwritten costs a pass over the memory.
	// At half of that nothing is gained.
	streamBytes = 8 << 20
)

// ChordNodes is the number of nodes from which on a ring has chords. It is
// free: no bit depends on it. Below, the rounds that they save are worth less
// than the connections, and on one machine nothing.
const ChordNodes = 8

// Topology says what the ring is and which place in it is ours. All nodes of a
// ring hold equal ones, but for Rank.
type Topology struct {
	Run        string   // label of the run
	Generation uint64   // number of the roster
	Roster     uint64   // hash of the roster
	Rank       int      // our index in Names
	Names      []string // all nodes, by rank; unique
	Addrs      []string // their addresses, by rank; transports that need none take nil
	Shards     []int    // len(Names)+1 bounds: node r hosts shards [Shards[r], Shards[r+1]); a spare hosts none
	// Groups is the number of equal runs of shards that a Sum adds up apart,
	// before it adds up their sums: see "Two levels" in the package's
	// documentation. It is a part of the numeric contract. 0, 1 and as many as
	// shards: one level.
	Groups int
	Sizes  Sizes
	// Level and Stride say which of the node's edges a link is: the circle of
	// nodes that it belongs to, and on the ring how many ranks further on its next
	// node is; 0 is 1. They are for transports to read; Form sets them.
	Level  Level
	Stride int
	// Heard is called for every frame that has arrived, on the goroutine that
	// reads them: it must not wait. nil: by nobody.
	Heard func()
}

// Sizes are the lengths a ring works with; zero stands for the package's
// constants. Bucket, Segment, Stream and Chords are test hooks: with small ones,
// short vectors reach the paths of many buckets and segments, and of long
// vectors, and few nodes those of many. A program that sets Bucket leaves the
// numeric contract.
type Sizes struct {
	Bucket  int // floats in a bucket: BucketFloats
	Segment int // floats in a frame, at most MaxPayload/4, the same on all with Groups: SegmentFloats
	Stream  int // bytes of a vector that no cache is expected to hold: 8 MiB
	Chords  int // nodes from which on the ring has chords, the same on all: ChordNodes
	// Park is the most bytes of frames kept until a collective here wants
	// them: 64 MiB and twice what all nodes can have under way. A neighbour in
	// order is ahead by one collective at most, and has no more of a Sum or
	// Broadcast under way than that; the records of a Gather come whole. Park
	// bounds what a neighbour out of order can cost.
	Park int
}

// withDefaults fills in what is zero, for a ring of n nodes.
func (s Sizes) withDefaults(n int) Sizes {
	if s.Bucket == 0 {
		s.Bucket = BucketFloats
	}
	if s.Segment == 0 {
		s.Segment = SegmentFloats
	}
	if s.Stream == 0 {
		s.Stream = streamBytes
	}
	if s.Chords == 0 {
		s.Chords = ChordNodes
	}
	if s.Park == 0 {
		s.Park = 64<<20 + 2*n*window*(HeaderSize+4*s.Segment)
	}
	return s
}

// Nodes returns the number of nodes, N.
func (t Topology) Nodes() int { return len(t.Names) }

// Count returns the number of shards, S.
func (t Topology) Count() int { return t.Shards[len(t.Shards)-1] }

// Next returns the rank this node sends to.
func (t Topology) Next() int { return t.along(1) }

// Prev returns the rank this node receives from.
func (t Topology) Prev() int { return t.along(-1) }

// along returns the rank so many places further on in the circle of t's edge.
func (t Topology) along(places int) int {
	n := len(t.Names)
	switch t.Level {
	case InGroup:
		first, last := t.groupOf(t.Rank)
		n = last - first
		return first + (t.Rank-first+n+places)%n
	case AcrossGroups:
		return t.beside(places)
	default:
		return (t.Rank + n + places*(t.stride()%n)) % n
	}
}

func (t Topology) stride() int { return max(1, t.Stride) }

// strides returns those of the ring's edges: 1, and on a ring with chords all
// powers of two below the number of nodes.
func (t Topology) strides() []int {
	strides := []int{1}
	if t.Nodes() >= t.Sizes.withDefaults(t.Nodes()).Chords {
		for s := 2; s < t.Nodes(); s *= 2 {
			strides = append(strides, s)
		}
	}
	return strides
}

// host returns the rank that hosts a shard.
func (t Topology) host(shard int) int {
	for r := range t.Names {
		if shard < t.Shards[r+1] {
			return r
		}
	}
	panic("allreduce: no such shard")
}

// spares reports whether any node hosts no shard.
func (t Topology) spares() bool {
	for r := range t.Names {
		if t.Shards[r] == t.Shards[r+1] {
			return true
		}
	}
	return false
}

// Validate returns an error that wraps ErrShape if t contradicts itself.
func (t Topology) Validate() error {
	n := len(t.Names)
	switch {
	case n == 0:
		return fmt.Errorf("%w: no nodes", ErrShape)
	case n > math.MaxUint16:
		return fmt.Errorf("%w: %d nodes, at most %d", ErrShape, n, math.MaxUint16)
	case t.Rank < 0 || t.Rank >= n:
		return fmt.Errorf("%w: rank %d of %d nodes", ErrShape, t.Rank, n)
	case len(t.Addrs) != n && len(t.Addrs) != 0:
		return fmt.Errorf("%w: %d addresses for %d nodes", ErrShape, len(t.Addrs), n)
	case len(t.Shards) != n+1:
		return fmt.Errorf("%w: %d shard bounds for %d nodes, want %d", ErrShape, len(t.Shards), n, n+1)
	case t.Stride < 0 || t.Level < 0 || t.Level > AcrossGroups:
		return fmt.Errorf("%w: level %d, stride %d", ErrShape, t.Level, t.Stride)
	case t.Shards[0] != 0:
		return fmt.Errorf("%w: shards start at %d, want 0", ErrShape, t.Shards[0])
	case t.Sizes.Bucket < 0 || t.Sizes.Bucket > math.MaxInt32 || t.Sizes.Park < 0 || t.Sizes.Stream < 0 || t.Sizes.Chords < 0:
		return fmt.Errorf("%w: sizes %+v", ErrShape, t.Sizes)
	case t.Sizes.Segment < 0 || t.Sizes.Segment > MaxPayload/4:
		return fmt.Errorf("%w: segment of %d floats, at most %d", ErrShape, t.Sizes.Segment, MaxPayload/4)
	}
	seen := make(map[string]bool, n)
	for r, name := range t.Names {
		if name == "" || seen[name] {
			return fmt.Errorf("%w: rank %d is named %q, names must be unique and not empty", ErrShape, r, name)
		}
		seen[name] = true
		if t.Shards[r] > t.Shards[r+1] {
			return fmt.Errorf("%w: rank %d hosts shards [%d, %d)", ErrShape, r, t.Shards[r], t.Shards[r+1])
		}
	}
	if s := t.Count(); s < 1 || s > math.MaxUint16 {
		return fmt.Errorf("%w: %d shards, want 1 to %d", ErrShape, s, math.MaxUint16)
	}
	return t.validateGroups()
}

// peerError returns a PeerError about a rank of this topology; the ring fills
// in step and phase.
func (t Topology) peerError(rank int, err error) *PeerError {
	return &PeerError{Peer: t.Names[rank], Rank: rank, Err: err}
}
