package shm

import (
	"context"
	"os"
	"sync"
	"unsafe"

	"github.com/ballast-ml/ballast/allreduce"
	"github.com/ballast-ml/ballast/allreduce/wire"
)

// arena is the sender's side: memory that it writes, and the counts that it
// reads.
type arena struct {
	size   Size
	memory *mapping
	counts *mapping // written by the receiver: how often each ticket came back
	pool   allreduce.Pool
	frames []*allreduce.Frame // by ticket: places, then references

	mu struct {
		sync.Mutex
		places, refs []int    // free tickets; the last one was used last
		lent         []int    // with the receiver
		referred     int      // references among lent
		sent         []uint32 // how often each ticket was lent
		closed       bool
	}
	used int           // bytes allocated of the free memory
	bell chan struct{} // holds a token if the receiver has rung
	gone chan struct{} // closed: the receiver reads nothing any more
	once sync.Once
}

var _ wire.Arena = (*arena)(nil)

// newArena makes an arena, and returns the files that its receiver needs.
func newArena(size Size) (a *arena, files [2]*os.File, err error) {
	a = &arena{size: size, bell: make(chan struct{}, 1), gone: make(chan struct{})}
	a.memory, files[0], err = newMemory("ballast-arena", size.total(), true)
	if err != nil {
		return nil, files, err
	}
	a.counts, files[1], err = newMemory("ballast-counts", 4*size.tickets(), false)
	if err != nil {
		a.memory.release()
		_ = files[0].Close()
		return nil, files, err
	}
	a.mu.sent = make([]uint32, size.tickets())
	for i := range size.Places {
		at := size.place(i)
		a.frames = append(a.frames, allreduce.NewFrame(a, i, a.memory.bytes[at:at+room+size.Bytes:at+room+size.Bytes]))
		a.mu.places = append(a.mu.places, size.Places-1-i)
	}
	for i := size.Places; i < size.tickets(); i++ {
		a.frames = append(a.frames, allreduce.NewFixed(a, i))
		a.mu.refs = append(a.mu.refs, i)
	}
	return a, files, nil
}

// Get implements wire.Arena.
func (a *arena) Get(n int) *allreduce.Frame {
	payload := n - allreduce.HeaderSize
	if payload >= a.size.Least && payload <= a.size.Bytes {
		if t, ok := a.take(&a.mu.places); ok {
			return a.frames[t].Reset(n)
		}
	}
	return a.pool.Get(n)
}

// Alloc is that of allreduce.Sharer.
func (a *arena) Alloc(n int) []float32 {
	bytes := (4*n + 63) &^ 63
	if n == 0 || bytes > a.size.Free-a.used {
		return nil
	}
	at := a.size.free() + a.used
	a.used += bytes
	a.memory.forever(at, at+bytes)
	return unsafe.Slice((*float32)(unsafe.Pointer(&a.memory.bytes[at])), n)
}

// Refer is that of allreduce.Sharer.
func (a *arena) Refer(p []float32) *allreduce.Frame {
	if 4*len(p) < a.size.Worth || len(p) == 0 || 4*len(p) > allreduce.MaxPayload {
		return nil
	}
	first := uintptr(unsafe.Pointer(&a.memory.bytes[a.size.free()]))
	if at := uintptr(unsafe.Pointer(&p[0])); at < first || at >= first+uintptr(a.used) {
		return nil
	}
	t, ok := a.take(&a.mu.refs)
	if !ok {
		return nil
	}
	return a.frames[t].Show(nil, unsafe.Slice((*byte)(unsafe.Pointer(&p[0])), 4*len(p)))
}

// take returns a free ticket, the one that was used last: its place may be in a
// cache. The memory stays until the frame is lent or put back.
func (a *arena) take(from *[]int) (ticket int, ok bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.collect()
	last := len(*from) - 1
	if last < 0 {
		return 0, false
	}
	ticket, *from = (*from)[last], (*from)[:last]
	a.memory.keep()
	return ticket, true
}

// collect takes back what the receiver has released; the caller holds mu.
func (a *arena) collect() {
	still := a.mu.lent[:0]
	for _, t := range a.mu.lent {
		if a.counts.word(t).Load() == a.mu.sent[t] {
			a.back(t)
			if t >= a.size.Places {
				a.mu.referred--
			}
		} else {
			still = append(still, t)
		}
	}
	a.mu.lent = still
}

// back makes a ticket free; the caller holds mu.
func (a *arena) back(t int) {
	if t < a.size.Places {
		a.mu.places = append(a.mu.places, t)
	} else {
		a.mu.refs = append(a.mu.refs, t)
	}
}

// Lend implements wire.Arena.
func (a *arena) Lend(f *allreduce.Frame) (uint64, bool) {
	t := f.Place()
	if t >= len(a.frames) || a.frames[t] != f {
		return 0, false
	}
	offset := line
	if p := f.Payload(); len(p) > 0 {
		offset = int(uintptr(unsafe.Pointer(&p[0])) - uintptr(unsafe.Pointer(&a.memory.bytes[0])))
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.mu.sent[t]++
	a.mu.lent = append(a.mu.lent, t)
	if t >= a.size.Places {
		a.mu.referred++
	}
	a.memory.release() // only its descriptor is read here from now on
	return mark(t, offset), true
}

// Put implements allreduce.Home for frames that were not sent.
func (a *arena) Put(f *allreduce.Frame) {
	a.mu.Lock()
	a.back(f.Place())
	a.mu.Unlock()
	a.memory.release()
}

// settled reports whether the receiver has released all references.
func (a *arena) settled() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.mu.referred > 0 {
		a.collect()
	}
	return a.mu.referred == 0
}

// Settle is that of allreduce.Sharer, but for the end of the link.
func (a *arena) Settle(ctx context.Context, dead <-chan struct{}) error {
	if !a.enter() {
		return nil
	}
	defer a.leave()
	if a.settled() {
		return nil
	}
	// The flag goes up before the second look, and the receiver looks at it
	// after it has counted: one of the two sees the other.
	waits := a.memory.word(waitsWord)
	waits.Store(1)
	defer waits.Store(0)
	for !a.settled() {
		select {
		case <-a.bell:
		case <-a.gone:
			return nil
		case <-dead:
			return nil
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	return nil
}

// Ring implements wire.Arena.
func (a *arena) Ring() {
	select {
	case a.bell <- struct{}{}:
	default:
	}
}

// Gone implements wire.Arena.
func (a *arena) Gone() { a.once.Do(func() { close(a.gone) }) }

// enter keeps the memory until leave. It reports false if it may be gone.
func (a *arena) enter() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.mu.closed {
		return false
	}
	a.memory.keep()
	a.counts.keep()
	return true
}

func (a *arena) leave() {
	a.memory.release()
	a.counts.release()
}

// Close implements wire.Arena.
func (a *arena) Close() {
	a.mu.Lock()
	a.mu.closed = true
	a.mu.Unlock()
	a.leave()
}
