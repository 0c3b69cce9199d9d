// Package wire carries the frames of one edge of a ring over a byte stream: a
// TCP connection, with or without TLS, between two hosts, or a Unix socket
// between two processes that share memory (package shm). It knows nothing of
// gRPC; package rpc agrees with the other node on the connection, and keeps
// all that is not a frame: greetings, farewells, the news of a death.
//
// # On the wire
//
//	8 bytes   mark, little-endian: 0 the payload follows, 2⁶⁴-1 no more
//	          frames, else it lies in the sender's arena, where mark says
//	72 bytes  the frame's header; zeros behind the last frame
//	          the payload, as long as the header says, if mark is 0
//
// The receiver says nothing but single bytes that wake a sender which waits for
// its arena.
//
// # Fewest copies, fewest wake-ups
//
// A sender first tries to write without waiting, in the caller's goroutine: the
// bytes are on their way before anybody else has to be woken. Only what does
// not fit into the kernel's buffer is left to a goroutine that may wait. A
// receiver reads small frames whole in one call, and large payloads straight to
// where they stay.
//
// The package starts no goroutines.
package wire
