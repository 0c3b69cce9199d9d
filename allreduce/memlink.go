package allreduce

import (
	"context"
	"sync"
	"time"
)

// memQueue is how many frames an edge holds before Send blocks.
const memQueue = 16

// memLink is a link of Mem. Frames sent wait in the in channel of the next
// node's link.
type memLink struct {
	t     Topology
	in    chan memFrame
	out   *memFaults
	watch func(from, to string, h Header)

	next, prev *memLink // set once both have offered

	changed chan struct{} // holds a token if Open is to look again

	dead chan struct{} // closed with mu.err set: lost, aborted, or closed here
	gone chan struct{} // closed: this node has left in good order
	mu   struct {
		sync.Mutex
		err  error
		told bool // neighbours know
	}
}

// memFrame is a frame under way; due is zero without delay.
type memFrame struct {
	f   *Frame
	due time.Time
}

func newMemLink(t Topology) *memLink {
	return &memLink{
		t: t, in: make(chan memFrame, memQueue), changed: make(chan struct{}, 1),
		dead: make(chan struct{}), gone: make(chan struct{}),
	}
}

// end is a rank's end of the edge that l is a part of.
func (l *memLink) end(rank int) memEnd { return memEnd{l.t.Names[rank], l.t.edge()} }

// Send implements Link.
func (l *memLink) Send(ctx context.Context, f *Frame) error {
	if l.watch != nil {
		h, _ := f.Header()
		l.watch(l.t.Names[l.t.Rank], l.t.Names[l.t.Next()], h)
	}
	if err := l.err(); err != nil {
		f.Release()
		return err
	}
	lost, due := l.out.next(f.size())
	if lost {
		f.Release()
		return nil
	}
	m := memFrame{f: f, due: due}
	select {
	case l.next.in <- m:
		return nil
	default:
	}
	select {
	case l.next.in <- m:
		return nil
	case <-l.dead:
		f.Release()
		return l.err()
	case <-l.next.gone:
		f.Release()
		return l.t.peerError(l.t.Next(), ErrLeft)
	case <-ctx.Done():
		f.Release()
		return context.Cause(ctx)
	}
}

// Recv implements Link.
func (l *memLink) Recv() (*Frame, error) {
	if err := l.err(); err != nil {
		return nil, err
	}
	select {
	case m := <-l.in:
		return l.arrive(m)
	case <-l.dead:
		return nil, l.err()
	case <-l.prev.gone:
		select { // what it sent before it left
		case m := <-l.in:
			return l.arrive(m)
		default:
			return nil, l.t.peerError(l.t.Prev(), ErrLeft)
		}
	}
}

// arrive waits until a delayed frame is due.
func (l *memLink) arrive(m memFrame) (*Frame, error) {
	if m.due.IsZero() {
		return m.f, nil
	}
	timer := time.NewTimer(time.Until(m.due))
	defer timer.Stop()
	select {
	case <-timer.C:
		return m.f, nil
	case <-l.dead:
		m.f.Release()
		return nil, l.err()
	}
}

// Abort implements Link.
func (l *memLink) Abort(reason error) {
	l.fail(reason)
	if l.broken() == nil {
		return // closed in good order before
	}
	if l.silence() {
		return
	}
	w := NewFarewell(l.t, reason)
	for _, other := range [2]*memLink{l.next, l.prev} {
		if other != nil {
			other.fail(w.Err(other.t, l.t.Rank))
		}
	}
}

// Close implements Link. What was sent is in the next node's hands already.
func (l *memLink) Close() error {
	if l.fail(ErrClosed) {
		close(l.gone)
	} else if err := l.broken(); err != nil {
		l.Abort(err)
	}
	for {
		select {
		case m := <-l.in:
			m.f.Release()
		default:
			return nil
		}
	}
}

// silence makes sure that neighbours are told no more, and reports whether
// they were already.
func (l *memLink) silence() (told bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	told, l.mu.told = l.mu.told, true
	return told
}

// broken returns why the link has ended, if not in good order.
func (l *memLink) broken() error {
	if err := l.err(); err != ErrClosed {
		return err
	}
	return nil
}

// fail ends the link, if it has not ended yet.
func (l *memLink) fail(err error) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.failLocked(err)
}

// failTogether ends links, each with its error, before anybody can learn of one
// of them.
func failTogether(ends map[*memLink]error) {
	for l := range ends {
		l.mu.Lock()
		defer l.mu.Unlock()
	}
	for l, err := range ends {
		l.failLocked(err)
	}
}

func (l *memLink) failLocked(err error) bool {
	if l.mu.err != nil {
		return false
	}
	l.mu.err = err
	close(l.dead)
	return true
}

// Done implements Link.
func (l *memLink) Done() <-chan struct{} { return l.dead }

// Err implements Link.
func (l *memLink) Err() error { return l.err() }

func (l *memLink) err() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.mu.err
}
