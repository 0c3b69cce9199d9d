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
	leaveGrace  = 5 * time.Second // after it could leave
	orphanGrace = 3 * time.Second // for the step under way, once its launcher is gone
)

// leaving is a node on its way out of a run. Training ends at the next step
// boundary; but without a ring there is no step, and then it ends at once.
type leaving struct {
	cancel context.CancelCauseFunc
	asked  chan struct{} // closed: leave

	mu struct {
		sync.Mutex
		asked  bool
		onRing int // nodes of the ring that this one is on; 0: none
	}
}

// newLeaving returns a context that ends with [train.ErrDrained] if the node
// was asked to leave and is on no ring.
func newLeaving(ctx context.Context) (context.Context, *leaving) {
	ctx, cancel := context.WithCancelCause(ctx)
	return ctx, &leaving{cancel: cancel, asked: make(chan struct{})}
}

// ask has the node leave.
func (l *leaving) ask() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.mu.asked {
		return
	}
	l.mu.asked = true
	close(l.asked)
	if l.mu.onRing == 0 {
		l.cancel(train.ErrDrained)
	}
}

// on notes how many nodes the ring has that this one is on now.
func (l *leaving) on(nodes int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.mu.onRing = nodes
	if nodes == 0 && l.mu.asked {
		l.cancel(train.ErrDrained)
	}
}

// observer follows the rings.
func (l *leaving) observer() train.Observer {
	return train.Observer{
		RingFormed: func(v train.RingFormed) { l.on(len(v.Names)) },
		RingLost:   func(train.RingLost) { l.on(0) },
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
