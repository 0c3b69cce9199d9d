// Package allreduce is the ring of shards: it sums gradients, folds the
// normaliser and gathers scalars over all nodes, with the same bits whatever
// the number of nodes is.
//
// # Cost
//
// With N nodes and S shards, one Sum of a vector of n bytes costs every node
//
//	(2(N-1) + 1 - N/S)/N · n
//
// bytes sent and one pass over n bytes for each of its shards: 1.375 n at N = 2,
// S = 8, and for S = N the 2(N-1)/N of the textbook ring. In Broadcast and Share
// every byte takes N-1 hops, one to each node that lacks it. So it does in
// LogSumExp (24 bytes a shard) and Gather on less than ChordNodes nodes; from
// there on these take ⌈log2 N⌉ rounds, over chords. A Sum takes 2(N-1) hops, or,
// in two levels of F groups, 2(N/F-1) + 2(F-1), with as many bytes.
//
// # Words
//
//   - shard: one of the S positions of the ring. Node r hosts a contiguous run
//     of them, [Shards[r], Shards[r+1]); a spare hosts none.
//   - hop: from one shard to the next. On one node it is a fold in memory,
//     between two nodes a frame on the wire.
//   - bucket: a run of BucketFloats elements of the vector, reduced as one
//     piece. Buckets are independent of each other.
//   - chunk: the part of a bucket whose fold starts at one shard: a bucket of n
//     elements has S chunks, chunk c being [n·c/S, n·(c+1)/S), rounded down.
//   - segment: the part of a chunk that one frame carries.
//   - edge: the link to a node further on and from one as far behind: to the
//     next node and from the previous one, or a chord, to the node 2, 4, ...
//     places on, or one of a circle of two levels.
//   - group: one of Topology.Groups equal runs of shards, which a Sum adds up
//     apart. Cells are the buckets of its second level.
//   - record: the bytes of one node in LogSumExp, Gather, Broadcast and Share.
//   - step, phase: where a frame belongs; phase is the collective.
//
// # Order of additions
//
// Chunk c is the left fold over the shards c, c+1, ..., c-1 (mod S): the first
// partial is factor·gradient, then partial = fma(factor, gradient, partial) for
// each shard, one rounding each. Bucket and chunk bounds are a pure function of
// length and S. So the order of every addition follows from the shard numbers;
// which node hosts a shard, segments, and the order in which frames arrive
// change no bit. A node never adds its shards beforehand.
//
// The partial goes from node to node by way of the nodes' shards. When the last
// shard is added the finished chunk goes on, N-1 hops, until all have it; no
// node computes it again, so all have the same bits.
//
// # Two levels
//
// With F = Topology.Groups, a Sum adds up each group of W = S/F shards as a ring
// of W shards would: buckets, chunks and folds are as above, within the group.
// The second level adds the groups' sums, rounded as they are, to each other. Its
// buckets are the chunks of the first, called cells; a cell has F chunks, cut in
// the same way, and chunk g is the left fold over the groups g, g+1, ..., g-1
// (mod F). So bounds and order are a pure function of length, S and F, and the
// bits are the same on any number of nodes; they are others than with one level.
// All Sums of a ring are so, and no other collective is.
//
// A node that hosts whole groups has both levels on the ring: the groups take the
// places of the shards, and where a fold comes to one, the node makes its sum, a
// few KiB at a time. Nodes that share a group have a circle of their own, on
// which its chunks are folded. Where a chunk ends, its node does not send it
// round, but folds it into the second level, on a circle across the groups, with
// those at which the same chunk of the other groups ends. What is summed there
// is then sent round the group. So groups must be cut alike, and every node has
// an equal part in both levels. Spares stand behind the nodes of a group.
//
// The levels cannot wait for each other: a partial sum that comes across before
// this group has its own is put aside, and what came behind it goes on; both
// levels start segments in one order, from the end of the vector, and segments
// have the same length on all nodes, so that what comes across fits what a group
// may have under way. The first element in that order that is not summed gets on.
//
// # Memory
//
// Vectors from Ring.Alloc reach a next node on the same machine without a copy,
// where the link shares memory; everywhere else they are slices like any other.
// Package rpc maps at most 64 MiB for frames under way, of which it touches as
// much as is under way at once, about 8 MiB at most between two nodes. The sum
// of a vector of 8 MiB or more is written past the caches, which cannot hold it.
//
// # Errors
//
// A ring is mortal. The first error ends it: the neighbours are told, and every
// later call returns the same error. Trouble with another node is a *PeerError
// with its name, the step and the phase; it wraps one of the Err variables. A
// node that gives up says why, and its neighbours pass that on: all survivors
// name the node that died. A chord that breaks, or an edge of two levels, is as
// bad as any. The end of a context ends the ring with context.Cause. All of these are retryable with a new ring, but for ErrShape.
// Arguments of the wrong length panic.
//
// # Concurrency
//
// Collectives of one ring are called one at a time, in the same order on all
// nodes; two at once panic. Close may be called at any time, from any
// goroutine. A collective runs in the caller's goroutine, driven by arriving
// frames: it folds and passes on what comes, and starts segments of its own
// while nothing does. No node leaves a collective before all have entered it,
// so a neighbour is ahead by one at most.
//
// LogSumExp, Gather and Sum can be taken apart, to go on while the node does
// something else: Begin enters the collective, Poll (for a Sum: Final, with what
// of the vector is final by now) does what can be done without waiting, End
// waits for the rest. Whoever begins ends, also after an error. A Sum goes from
// the end of the vector to its start, the order in which a backward pass
// finishes a gradient.
//
// Goroutines: a ring of more than one node has one for each edge, the receiver,
// which moves frames from the link to the inbox and never waits for anything
// else; Close waits for it. Form and Close have one for each edge while they
// run. Mem starts none; for package rpc see there.
package allreduce
