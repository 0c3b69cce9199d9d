package train

import (
	"context"
	"errors"
	"time"

	"github.com/rs/zerolog"
)

// Options is where and how a node runs: nothing in it may change the model.
type Options struct {
	// Name is shown to people and orders the roster; it is made unique. Empty:
	// the host's name.
	Name string
	// Listen is the address of the node's one port; empty: the join address if
	// it is this machine's and free, else a free port.
	Listen string
	// Advertise is the address others use; empty: found out.
	Advertise string
	// Join lists addresses of nodes to look for; empty: this node is the first.
	Join []string
	// Nodes is how many nodes form the ring; 0: as many as come, at least two
	// with Join and one without.
	Nodes int
	// Run labels the run: nodes of another label are refused.
	Run string
	// Secret encrypts the gossip and proves membership; empty: neither.
	Secret []byte
	// Out is the run directory; empty: nothing is written.
	Out string
	// StartTimeout is how long to wait for the others; 0: 10 minutes.
	StartTimeout time.Duration
	// Log receives the node's log.
	Log zerolog.Logger
	// Observe is told what happens.
	Observe Observer
}

// UsageError is a mistake of the person who started the run: bad input, a bad
// flag, a file that is not there. Programs exit with code 2 on it.
type UsageError struct{ Err error }

// Error returns the message of the wrapped error.
func (e *UsageError) Error() string { return e.Err.Error() }

// Unwrap returns the wrapped error.
func (e *UsageError) Unwrap() error { return e.Err }

// Run trains on this node, with the others that it finds, until the model is
// done or ctx ends.
func Run(ctx context.Context, cfg Config, opts Options) (Summary, error) {
	return Summary{}, errors.New("train: not wired yet")
}
