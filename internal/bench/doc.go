// Package bench measures what the speed of a run is made of: the kernels
// against the processor's peak, the ring by size and transport, and the step
// with its phases, in one process and in several.
//
// # Method
//
// On a machine that is shared with others only comparisons made in the same
// moment mean anything. So a kernel is timed in short rounds, each beside a
// round of the peak probe, and the best of both counts; steps and collectives
// are given as medians, with the best beside them. The processes are real ones:
// the program starts itself as workers (see [Worker]), which meet on loopback
// without membership, one core each.
//
// # Words of the ring's table
//
// They are those of nccl-tests: the size is that of the vector in bytes; the
// algorithm bandwidth is size by time, and the bus bandwidth is that times
// 2(N-1)/N, what every link of a textbook ring must carry, to be compared with
// the hardware's limit whatever N is. The time is that of one call on the first
// process.
package bench
