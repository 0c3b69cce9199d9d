package shm

import (
	"fmt"
	"os"
	"sync"

	"github.com/ballast-ml/ballast/allreduce"
	"github.com/ballast-ml/ballast/allreduce/wire"
)

// view is the receiver's side: the sender's memory, which it reads, and the
// counts, which it writes.
type view struct {
	size   Size
	memory *mapping
	counts *mapping
	frames []*allreduce.Frame

	mu struct {
		sync.Mutex
		held []bool // by place: shown and not released yet
	}
}

var _ wire.View = (*view)(nil)

// newView maps the files of a sender. It checks that their sizes are as the
// sender says and can never change: reading them cannot fault.
func newView(size Size, files [2]*os.File) (v *view, err error) {
	v = &view{size: size}
	if v.memory, err = mapSealed(files[0], size.total(), false); err != nil {
		return nil, err
	}
	if v.counts, err = mapSealed(files[1], 4*size.Places, true); err != nil {
		v.memory.release()
		return nil, err
	}
	v.mu.held = make([]bool, size.Places)
	for i := range size.Places {
		v.frames = append(v.frames, allreduce.NewFixed(v, i))
	}
	return v, nil
}

// Show implements wire.View.
func (v *view) Show(place uint64, header []byte, n int) (*allreduce.Frame, error) {
	if place >= uint64(v.size.Places) || n > v.size.Bytes {
		return nil, fmt.Errorf("%w: %d bytes at place %d, the arena has %d places of %d",
			allreduce.ErrFrame, n, place, v.size.Places, v.size.Bytes)
	}
	if !v.hold(int(place)) {
		return nil, fmt.Errorf("%w: place %d is used twice at once", allreduce.ErrFrame, place)
	}
	v.memory.keep()
	v.counts.keep()
	at := int(place)*v.size.stride() + room
	return v.frames[place].Show(header, v.memory.bytes[at:at+n:at+n]), nil
}

func (v *view) hold(place int) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.mu.held[place] {
		return false
	}
	v.mu.held[place] = true
	return true
}

// Put implements allreduce.Home: the sender may use the place again.
func (v *view) Put(f *allreduce.Frame) {
	v.mu.Lock()
	v.mu.held[f.Place()] = false
	v.mu.Unlock()
	v.counts.word(f.Place()).Add(1)
	v.counts.release()
	v.memory.release()
}

// Close implements wire.View.
func (v *view) Close() {
	v.memory.release()
	v.counts.release()
}
