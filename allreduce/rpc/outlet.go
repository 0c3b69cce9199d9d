package rpc

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/ballast-ml/ballast/allreduce"
	"github.com/ballast-ml/ballast/allreduce/wire"
)

// grace is how long the stream has to explain why a connection beside it has
// broken: its news of a farewell or a death are better than ours.
const grace = 250 * time.Millisecond

// outlet is the sending end of a way beside the stream.
type outlet struct {
	to     *wire.Sender // nil: frames go to the stream
	way    Way
	queued atomic.Int32 // frames that the sender has to write before others may be
	mu     sync.Mutex   // of whoever writes to it
	ended  bool         // under mu: nobody writes any more
}

// Get implements allreduce.Lender.
func (l *link) Get(n int) *allreduce.Frame {
	o := &l.out
	if o.to != nil && o.mu.TryLock() {
		defer o.mu.Unlock()
		if !o.ended {
			return o.to.Get(n)
		}
	}
	return l.frames.Get(n)
}

// arena is what a sender's memory can do beside lending frames.
type arena interface {
	Alloc(n int) []float32
	Refer(p []float32) *allreduce.Frame
	Settle(ctx context.Context, dead <-chan struct{}) error
}

var _ allreduce.Sharer = (*link)(nil)

// Alloc implements allreduce.Sharer.
func (l *link) Alloc(n int) []float32 {
	o := &l.out
	if o.to == nil {
		return nil
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if a, ok := o.to.Arena().(arena); ok && !o.ended {
		return a.Alloc(n)
	}
	return nil
}

// Refer implements allreduce.Sharer.
func (l *link) Refer(p []float32) *allreduce.Frame {
	o := &l.out
	if o.to == nil || !o.mu.TryLock() {
		return nil
	}
	defer o.mu.Unlock()
	if a, ok := o.to.Arena().(arena); ok && !o.ended {
		return a.Refer(p)
	}
	return nil
}

// Settle implements allreduce.Sharer.
func (l *link) Settle(ctx context.Context) error {
	if l.out.to == nil {
		return nil
	}
	a, ok := l.out.to.Arena().(arena)
	if !ok {
		return nil
	}
	if err := a.Settle(ctx, l.dead); err != nil {
		return err
	}
	return l.err()
}

// direct writes f in the caller's goroutine, as far as that goes without
// waiting; the sender does the rest. It reports false if f has to queue, and
// leaves it to the caller then.
func (l *link) direct(f *allreduce.Frame) bool {
	o := &l.out
	if o.to == nil || o.queued.Load() > 0 || !o.mu.TryLock() {
		return false
	}
	defer o.mu.Unlock()
	if o.ended {
		return false
	}
	done, err := o.to.Try(f)
	if !done {
		o.queued.Add(1)
		l.queue <- nil // there is room: nothing is queued
	}
	if err != nil {
		l.broke(err)
	}
	return true
}

// write sends f, or what direct has left of a frame if f is nil.
func (l *link) write(f *allreduce.Frame) {
	o := &l.out
	o.mu.Lock()
	defer o.mu.Unlock()
	var err error
	if f == nil {
		err = o.to.Flush()
	} else {
		err = o.to.Send(f)
	}
	if err != nil {
		l.broke(err)
	}
}

// end makes sure that nothing is written any more; in good order it says so.
func (o *outlet) end(orderly bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if orderly && !o.ended && o.to != nil {
		_ = o.to.End() // if it does not arrive, the stream tells
	}
	o.ended = true
}

// broke ends the link if the stream does not explain in time why the way to the
// next node has broken.
func (l *link) broke(err error) {
	l.out.to.Close()
	time.AfterFunc(grace, func() {
		select {
		case <-l.acked: // it has left, or the stream has ended
		default:
			l.fail(peerError(l.t, l.t.Next(), fmt.Errorf("%w: %v", allreduce.ErrLost, err)))
		}
	})
}
