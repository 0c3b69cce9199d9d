package allreduce

import (
	"encoding/binary"
	"fmt"
	"slices"
)

// maxHello bounds the encoded handshake: room for thousands of nodes.
const maxHello = 1 << 20

// Hello is what two neighbours show each other before the first frame.
type Hello struct {
	Run        string
	Generation uint64
	Roster     uint64
	Rank       int
	Edge       Edge // that they are about to share
	Edges      int  // how many each node has to others on the ring, chords included
	Groups     int  // of shards, which a Sum adds up apart; 1: none
	Bucket     int  // floats in a bucket: the numeric contract of the sums
	Segment    int  // floats in a frame: two levels need the same on all nodes
	Names      []string
	Shards     []int
}

// Hello returns what this node shows its neighbours.
func (t Topology) Hello() Hello {
	sizes := t.Sizes.withDefaults(t.Nodes())
	return Hello{
		Run: t.Run, Generation: t.Generation, Roster: t.Roster, Rank: t.Rank,
		Edge: t.edge(), Edges: len(t.strides()), Groups: max(1, t.Groups),
		Bucket: sizes.Bucket, Segment: sizes.Segment, Names: t.Names, Shards: t.Shards,
	}
}

// Match compares what a node shows with what its neighbour at rank shows. The
// error wraps ErrRun, ErrStale or ErrRoster and names both values; an older
// generation of theirs is an error too, which a transport that waits for a
// newer one may prefer to ignore.
func (h Hello) Match(theirs Hello, rank int) error {
	switch {
	case h.Run != theirs.Run:
		return fmt.Errorf("%w: peer is in run %q, this node in %q", ErrRun, theirs.Run, h.Run)
	case h.Generation != theirs.Generation:
		return fmt.Errorf("%w: peer has generation %d, this node %d", ErrStale, theirs.Generation, h.Generation)
	case h.Roster != theirs.Roster:
		return fmt.Errorf("%w: peer has roster %#x, this node %#x", ErrRoster, theirs.Roster, h.Roster)
	case h.Edges != theirs.Edges:
		return fmt.Errorf("%w: peer has %d edges to other nodes, this node %d", ErrRoster, theirs.Edges, h.Edges)
	case h.Groups != theirs.Groups:
		return fmt.Errorf("%w: peer sums in %d groups of shards, this node in %d", ErrRoster, theirs.Groups, h.Groups)
	case h.Edge != theirs.Edge:
		return fmt.Errorf("%w: peer is %d ranks off on this edge of level %d, want %d and level %d",
			ErrRoster, theirs.Edge.Stride, theirs.Edge.Level, h.Edge.Stride, h.Edge.Level)
	case theirs.Rank != rank:
		return fmt.Errorf("%w: peer has rank %d, want %d", ErrRoster, theirs.Rank, rank)
	case h.Bucket != theirs.Bucket:
		return fmt.Errorf("%w: peer has buckets of %d floats, this node of %d", ErrRoster, theirs.Bucket, h.Bucket)
	case h.Groups > 1 && h.Segment != theirs.Segment:
		return fmt.Errorf("%w: peer has segments of %d floats, this node of %d: two levels need the same", ErrRoster, theirs.Segment, h.Segment)
	case !slices.Equal(h.Names, theirs.Names):
		return fmt.Errorf("%w: peer has nodes %q, this node %q", ErrRoster, theirs.Names, h.Names)
	case !slices.Equal(h.Shards, theirs.Shards):
		return fmt.Errorf("%w: peer has shard bounds %d, this node %d", ErrRoster, theirs.Shards, h.Shards)
	}
	return nil
}

// Append appends the encoded handshake to b: little-endian, strings and lists
// behind their length.
func (h Hello) Append(b []byte) []byte {
	b = appendString(b, h.Run)
	b = binary.LittleEndian.AppendUint64(b, h.Generation)
	b = binary.LittleEndian.AppendUint64(b, h.Roster)
	b = binary.AppendUvarint(b, uint64(h.Rank))
	b = binary.AppendUvarint(b, uint64(h.Edge.Level))
	b = binary.AppendUvarint(b, uint64(h.Edge.Stride))
	b = binary.AppendUvarint(b, uint64(h.Edges))
	b = binary.AppendUvarint(b, uint64(h.Groups))
	b = binary.AppendUvarint(b, uint64(h.Bucket))
	b = binary.AppendUvarint(b, uint64(h.Segment))
	b = binary.AppendUvarint(b, uint64(len(h.Names)))
	for _, name := range h.Names {
		b = appendString(b, name)
	}
	b = binary.AppendUvarint(b, uint64(len(h.Shards)))
	for _, s := range h.Shards {
		b = binary.AppendUvarint(b, uint64(s))
	}
	return b
}

// ParseHello decodes a handshake; errors wrap ErrFrame. What it allocates is
// bounded by the length of b and by maxItems.
func ParseHello(b []byte) (Hello, error) {
	if len(b) > maxHello {
		return Hello{}, fmt.Errorf("%w: handshake of %d bytes, at most %d", ErrFrame, len(b), maxHello)
	}
	d := decoder{b: b}
	h := Hello{
		Run: d.text(), Generation: d.fixed64(), Roster: d.fixed64(),
		Rank: d.number(), Edge: Edge{Level(d.number()), d.number()}, Edges: d.number(), Groups: d.number(), Bucket: d.number(), Segment: d.number(),
	}
	for range d.items() {
		h.Names = append(h.Names, d.text())
	}
	for range d.items() {
		h.Shards = append(h.Shards, d.number())
	}
	if err := d.end(); err != nil {
		return Hello{}, fmt.Errorf("%w: handshake: %v", ErrFrame, err)
	}
	return h, nil
}
