package allreduce

import (
	"errors"
	"fmt"
)

// Errors that say what is wrong; they come wrapped in a *PeerError that says
// who. All but ErrShape mean the same to the caller: this ring is over, form a
// new one or stop.
var (
	// ErrShape is a topology that contradicts itself.
	ErrShape = errors.New("allreduce: bad topology")
	// ErrRun is a neighbour or a frame of another run.
	ErrRun = errors.New("allreduce: another run")
	// ErrStale is a neighbour or a frame of another generation: whoever has
	// the older one must get a newer roster.
	ErrStale = errors.New("allreduce: another generation")
	// ErrRoster is a neighbour or a frame of the same generation with another
	// roster, shard map or bucket size.
	ErrRoster = errors.New("allreduce: another roster")
	// ErrFrame is a frame (or handshake) that cannot be read, or that does not
	// fit what is under way: a bad length, a gap, a repetition.
	ErrFrame = errors.New("allreduce: bad frame")
	// ErrOrder is a frame of another collective than the one this node is in:
	// the nodes do not call the same collectives in the same order.
	ErrOrder = errors.New("allreduce: collectives out of order")
	// ErrPark is a neighbour that runs so far ahead that its frames do not fit
	// Sizes.Park.
	ErrPark = errors.New("allreduce: too many early frames")
	// ErrLost is a neighbour whose connection broke without a goodbye.
	ErrLost = errors.New("allreduce: connection lost")
	// ErrLeft is a neighbour that has closed its ring in good order, but from
	// which more was needed.
	ErrLeft = errors.New("allreduce: peer has left the ring")
	// ErrGaveUp is a node that has ended its ring because of an error, or that
	// another one found wrong.
	ErrGaveUp = errors.New("allreduce: peer gave up")
	// ErrClosed is a ring or link that this node has closed itself.
	ErrClosed = errors.New("allreduce: ring is closed")
)

// PeerError names the node that broke the ring, and where this node was then.
// It is retryable by forming a new ring.
//
// The node is a neighbour, unless a neighbour in its farewell names another
// one as the culprit; Err then says who said so.
type PeerError struct {
	Peer string // name of the node
	Rank int    // its rank in this ring
	// Step and Phase say where this node was: "Form", "Sum", "LogSumExp",
	// "Gather" or "Broadcast". What is noticed between two collectives counts
	// to the next one.
	Step  uint64
	Phase string
	Err   error
}

// Error names the peer, the step and the phase.
func (e *PeerError) Error() string {
	return fmt.Sprintf("peer %s (rank %d), step %d, %s: %v", e.Peer, e.Rank, e.Step, e.Phase, e.Err)
}

// Unwrap returns the reason.
func (e *PeerError) Unwrap() error { return e.Err }
