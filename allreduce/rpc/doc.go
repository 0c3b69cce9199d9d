// Package rpc carries a ring over gRPC: one long-lived bidirectional stream
// for each neighbour. A node dials its next one and is dialled by its previous
// one; frames travel from client to server, a few control messages travel both
// ways. A chord is such a pair of streams too, to the same ports, whose frames
// always travel on them.
//
// The gRPC server belongs to somebody else, who passes it to Register and
// creates it with ServerOptions; so one server and one port serve this and
// other packages.
//
// With Options.TLS the connection to the next node is encrypted and both prove
// that they hold the job's secret; the server of the port sees to its own side.
//
// # On the wire
//
// The method is /ballast.allreduce.Ring/Stream, its content-subtype
// "ballast-raw": no protobuf. A message is either a frame as package allreduce
// defines it, or a control message: the byte 0xb2, a kind and a body.
//
//	client                          server
//	hello  -------------------->    parked until this node opens that generation
//	       <--------------------    welcome (its own hello) or refusal
//	frames -------------------->    ...
//	bye    -------------------->    (orderly end: no more frames)
//	       <--------------------    ack: all frames have been read
//	       <--------------------    bye (orderly end: needs no more frames)
//
// Between welcome and frames the two settle how frames travel (Way): the server
// offers, the client chooses, the server says what it is. The ways other than
// gRPC are connections beside the stream, which package wire reads and writes
// and package shm shares memory over; their last frame is followed by a mark,
// and bye by the stream.
//
//	       <--------------------    offer: a nonce, and what is open
//	choice -------------------->
//	       <--------------------    settled
//
// farewell, in either direction, is the end because of an error. A stream that
// ends without bye or farewell is a lost peer.
//
// Two linked nodes for a benchmark: Listen opens an Endpoint, a transport with a
// port of its own, and Options.Way says how its frames travel.
//
// # Buffers
//
// A sent frame goes back to its pool when gRPC puts it there, which is when it
// has been written; SendMsg returns before that. Two things would keep it from
// coming back: gRPC's copy for retries, which the call turns off, and its rule
// that buffers of at most 1 KiB are nobody's, which the pool's smallest class
// avoids. A received frame of more than a piece of HTTP/2 stays in the buffers
// that gRPC has read its pieces into, until it is released; a shorter one is
// copied into a pooled frame. Three zeros stand in front of the header in a
// message, so that with gRPC's own five bytes each piece holds whole floats.
//
// # Goroutines
//
// For each link a sender (queue to stream) and a reader of the client stream
// (control messages, and the news of a lost next node), one that reads the
// previous node's choice and, if frames do not come on the stream, its end, and
// one that hears the bell of shared memory, all ended by Close; on the server
// gRPC's own for each accepted stream, which stays until the link has ended, and one for the first message of a stream, so that a silent
// client can be turned away. The connections' goroutines are gRPC's.
package rpc
