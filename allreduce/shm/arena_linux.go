package shm

import (
	"os"
	"sync"

	"github.com/ballast-ml/ballast/allreduce"
	"github.com/ballast-ml/ballast/allreduce/wire"
)

// arena is the sender's side: memory that it writes, and the counts that it
// reads.
type arena struct {
	size   Size
	memory *mapping
	counts *mapping // written by the receiver: how often each place came back
	pool   allreduce.Pool
	places []*allreduce.Frame

	mu struct {
		sync.Mutex
		free []int // the last one was used last
	}
	lent []int    // with the receiver
	sent []uint32 // how often each place was lent
}

var _ wire.Arena = (*arena)(nil)

// newArena makes an arena, and returns the files that its receiver needs.
func newArena(size Size) (a *arena, files [2]*os.File, err error) {
	a = &arena{size: size, sent: make([]uint32, size.Places)}
	a.memory, files[0], err = newMemory("ballast-arena", size.total(), true)
	if err != nil {
		return nil, files, err
	}
	a.counts, files[1], err = newMemory("ballast-counts", 4*size.Places, false)
	if err != nil {
		a.memory.release()
		_ = files[0].Close()
		return nil, files, err
	}
	for i := range size.Places {
		at := i * size.stride()
		a.places = append(a.places, allreduce.NewFrame(a, i, a.memory.bytes[at:at+room+size.Bytes:at+room+size.Bytes]))
		a.mu.free = append(a.mu.free, size.Places-1-i)
	}
	return a, files, nil
}

// Get implements wire.Arena.
func (a *arena) Get(n int) *allreduce.Frame {
	payload := n - allreduce.HeaderSize
	if payload >= a.size.Least && payload <= a.size.Bytes {
		if i, ok := a.take(); ok {
			a.memory.keep()
			return a.places[i].Reset(n)
		}
	}
	return a.pool.Get(n)
}

// take returns a free place, the one that was used last: it may be in a cache.
func (a *arena) take() (place int, ok bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	still := a.lent[:0]
	for _, i := range a.lent {
		if a.counts.word(i).Load() == a.sent[i] {
			a.mu.free = append(a.mu.free, i)
		} else {
			still = append(still, i)
		}
	}
	a.lent = still
	last := len(a.mu.free) - 1
	if last < 0 {
		return 0, false
	}
	place, a.mu.free = a.mu.free[last], a.mu.free[:last]
	return place, true
}

// Lend implements wire.Arena.
func (a *arena) Lend(f *allreduce.Frame) (place int, ok bool) {
	place = f.Place()
	if place >= len(a.places) || a.places[place] != f {
		return 0, false
	}
	a.mu.Lock()
	a.sent[place]++
	a.lent = append(a.lent, place)
	a.mu.Unlock()
	a.memory.release() // it is read no more here, but for the descriptor
	return place, true
}

// Put implements allreduce.Home for frames that were not sent.
func (a *arena) Put(f *allreduce.Frame) {
	a.mu.Lock()
	a.mu.free = append(a.mu.free, f.Place())
	a.mu.Unlock()
	a.memory.release()
}

// Close implements wire.Arena.
func (a *arena) Close() {
	a.memory.release()
	a.counts.release()
}
