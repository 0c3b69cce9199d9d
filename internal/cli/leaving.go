package cli

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/ballast-ml/ballast/train"
)

// How long a node may take to end. A launcher waits longer than Grace, and a
// person at most two seconds. Nobody waits for a node that leaves by itself.
const (
	Grace       = time.Second     // after it was told to end at once
	ringGrace   = 2 * time.Second // for the next ring, to leave that one whole
	leaveGrace  = 5 * time.Second // after it could leave
	orphanGrace = 3 * time.Second // for the step under way, once its launcher is gone
)

// leaving is a node on its way out of a run. Training ends at the next step
// boundary, with a checkpoint if this node writes them. Between two rings, as
// when many leave at once, the next one has such a boundary too; but if there
// never was a ring, or none comes, training ends without.
type leaving struct {
	cancel  context.CancelCauseFunc
	asked   chan struct{} // closed: leave
	changed chan struct{} // holds a token when something below has changed

	mu struct {
		sync.Mutex
		asked bool
		met   bool // there was a ring
		on    bool // there is one
		// How long it may be on none, because nobody looks after it; 0: for ever.
		lonely time.Duration
	}
}

// newLeaving returns a context that ends with [train.ErrDrained] if the node
// was asked to leave and is on no ring.
func newLeaving(ctx context.Context) (context.Context, *leaving) {
	ctx, cancel := context.WithCancelCause(ctx)
	return ctx, &leaving{cancel: cancel, asked: make(chan struct{}), changed: make(chan struct{}, 1)}
}

// ask has the node leave.
func (l *leaving) ask() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.mu.asked {
		l.mu.asked = true
		close(l.asked)
		l.tell()
	}
}

// on notes that the node is on a ring, or on none any more.
func (l *leaving) on(ring bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.mu.on, l.mu.met = ring, l.mu.met || ring
	l.tell()
}

func (l *leaving) tell() {
	select {
	case l.changed <- struct{}{}:
	default: // the token of an earlier change is still there
	}
}

// patience returns how long the node may stay: without end if it will come to a
// step boundary, or if nobody has asked it to leave and somebody looks after it.
func (l *leaving) patience() (d time.Duration, ends bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.mu.on:
		return 0, false
	case l.mu.asked && l.mu.met:
		return ringGrace, true
	case l.mu.asked:
		return 0, true
	default:
		return l.mu.lonely, l.mu.lonely > 0
	}
}

// orphan bounds how long the node may be on no ring from now on.
func (l *leaving) orphan(lonely time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.mu.lonely = lonely
	l.tell()
}

// why returns the error that the node ends with when its patience has ended.
func (l *leaving) why() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.mu.asked {
		return train.ErrDrained
	}
	return ErrOrphaned
}

// observer follows the rings.
func (l *leaving) observer() train.Observer {
	return train.Observer{
		RingFormed: func(train.RingFormed) { l.on(true) },
		RingLost:   func(train.RingLost) { l.on(false) },
	}
}

// left tells whether a node has ended because it was asked to leave.
func (l *leaving) left(ctx context.Context, err error) bool {
	return err != nil && (errors.Is(err, train.ErrDrained) || errors.Is(context.Cause(ctx), train.ErrDrained))
}

// grace returns how long a node may take once its context has ended.
func grace(ctx context.Context) time.Duration {
	if errors.Is(context.Cause(ctx), train.ErrDrained) {
		return leaveGrace
	}
	return Grace
}
