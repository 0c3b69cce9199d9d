package allreduce

import (
	"fmt"
	"sync"
)

// inbox keeps received frames, in order, until a collective takes them. It is
// what lets the receiver read on while this node still computes its gradient:
// frames of collectives that have not begun here are parked in it, up to a
// bound.
//
// Since a node sends all frames of one collective over an edge before the first
// of the next, and links keep the order, one queue for each edge is enough.
type inbox struct {
	more chan struct{} // the ring's bell: holds a token if something came since the last look
	mu   struct {
		sync.Mutex
		queue       []*Frame // a circle
		first, len  int
		bytes, most int
	}
}

func newInbox(most int, bell chan struct{}) *inbox {
	b := &inbox{more: bell}
	b.mu.most = most
	b.mu.queue = make([]*Frame, 64)
	return b
}

// push appends f, or returns an error that wraps ErrPark and leaves f to the
// caller.
func (b *inbox) push(f *Frame) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.mu.bytes+f.size() > b.mu.most {
		return fmt.Errorf("%w: %d bytes in %d frames, the limit is %d bytes",
			ErrPark, b.mu.bytes+f.size(), b.mu.len+1, b.mu.most)
	}
	if b.mu.len == len(b.mu.queue) {
		b.grow()
	}
	b.mu.queue[(b.mu.first+b.mu.len)%len(b.mu.queue)] = f
	b.mu.len++
	b.mu.bytes += f.size()
	ring(b.more)
	return nil
}

// ring has whoever waits for the bell look again.
func ring(bell chan struct{}) {
	select {
	case bell <- struct{}{}:
	default:
	}
}

func (b *inbox) grow() {
	q := make([]*Frame, 2*len(b.mu.queue))
	n := copy(q, b.mu.queue[b.mu.first:])
	copy(q[n:], b.mu.queue[:b.mu.first])
	b.mu.queue, b.mu.first = q, 0
}

// pop returns the oldest frame, or nil.
func (b *inbox) pop() *Frame {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.mu.len == 0 {
		return nil
	}
	f := b.mu.queue[b.mu.first]
	b.mu.queue[b.mu.first] = nil
	b.mu.first = (b.mu.first + 1) % len(b.mu.queue)
	b.mu.len--
	b.mu.bytes -= f.size()
	return f
}
