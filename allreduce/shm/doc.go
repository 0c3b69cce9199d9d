// Package shm carries the frames of one edge of a ring through memory that two
// processes of one user on one machine share.
//
// # How a frame travels
//
// The sender folds a partial sum straight into a place of its arena, memory
// that the receiver has mapped read-only, and writes 80 bytes to a Unix socket:
// the frame's header and where its payload is. The receiver reads the payload
// there, and counts what it has released in a second memory that the sender has
// mapped; so the sender knows which places are free again without asking the
// kernel. Frames that are small, or find no free place, go through the socket
// whole.
//
// An arena also has memory to be allocated, for vectors that a frame can refer
// to instead of copying them.
//
// The socket is the queue, the bell, and the news of a closed edge in one: it
// wakes a sleeping receiver and nobody else, works for two processes that share
// a core, spins nowhere, and what is read from it is the reader's own copy.
//
// # Trust
//
// The two find each other by the name of an abstract Unix socket, told over the
// ring's gRPC stream. Each checks that the other is of the same user
// (SO_PEERCRED), and the receiver that the sender knows the nonce of that
// stream. The memory is a memfd: no path leads to it, and it is gone with the
// last process that has it. Its size is sealed, which the receiver checks
// before it maps it, so that no access can fault; the sender seals it against
// writing by others. Each side writes one of the two memories and reads the
// other. Whatever the sender writes into a descriptor, the receiver looks only
// at places inside the arena, and only at those that it does not hold already.
//
// A process in another network namespace cannot open the socket; on systems
// other than Linux there is neither. The error wraps errors.ErrUnsupported or
// is the system's; package rpc then takes another way.
//
// # Life
//
// An arena belongs to one link, so to one generation, and is never used again.
// A mapping stays until the link is closed and the last frame in it is
// released, so that nobody reads memory that is gone. What was allocated stays
// for ever: when the link is closed it turns into memory of this process alone. The package starts no
// goroutines.
package shm
