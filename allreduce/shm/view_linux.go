package shm

import (
	"fmt"
	"os"
	"sync"
	"syscall"

	"github.com/ballast-ml/ballast/allreduce"
	"github.com/ballast-ml/ballast/allreduce/wire"
)

// view is the receiver's side: the sender's memory, which it reads, and the
// counts, which it writes.
type view struct {
	size   Size
	memory *mapping
	counts *mapping
	bell   syscall.RawConn // wakes the sender
	frames []*allreduce.Frame

	mu struct {
		sync.Mutex
		held []bool // by ticket: shown and not released yet
	}
}

var _ wire.View = (*view)(nil)

// newView maps the files of a sender. It checks that their sizes are as the
// sender says and can never change: reading them cannot fault.
func newView(size Size, files [2]*os.File, bell syscall.RawConn) (v *view, err error) {
	v = &view{size: size, bell: bell}
	if v.memory, err = mapSealed(files[0], size.total(), false); err != nil {
		return nil, err
	}
	if v.counts, err = mapSealed(files[1], 4*size.tickets(), true); err != nil {
		v.memory.release()
		return nil, err
	}
	v.mu.held = make([]bool, size.tickets())
	for i := range size.tickets() {
		v.frames = append(v.frames, allreduce.NewFixed(v, i))
	}
	return v, nil
}

// Show implements wire.View.
func (v *view) Show(mark uint64, header []byte, n int) (*allreduce.Frame, error) {
	t, at, ok := v.size.locate(mark, n)
	if !ok {
		return nil, fmt.Errorf("%w: %d bytes at %#x, outside the memory that is shared", allreduce.ErrFrame, n, mark)
	}
	if !v.hold(t) {
		return nil, fmt.Errorf("%w: ticket %d is used twice at once", allreduce.ErrFrame, t)
	}
	v.memory.keep()
	v.counts.keep()
	return v.frames[t].Show(header, v.memory.bytes[at:at+n:at+n]), nil
}

func (v *view) hold(t int) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.mu.held[t] {
		return false
	}
	v.mu.held[t] = true
	return true
}

// Put implements allreduce.Home: the sender may write there again.
func (v *view) Put(f *allreduce.Frame) {
	v.mu.Lock()
	v.mu.held[f.Place()] = false
	v.mu.Unlock()
	v.counts.word(f.Place()).Add(1)
	if v.memory.word(waitsWord).Load() != 0 {
		_ = v.bell.Write(ring)
	}
	v.counts.release()
	v.memory.release()
}

// ring writes a byte and does not wait: a sender that has so many unread is
// awake.
func ring(fd uintptr) bool {
	_, _ = syscall.Write(int(fd), chime[:])
	return true
}

var chime [1]byte

// Close implements wire.View.
func (v *view) Close() {
	v.memory.release()
	v.counts.release()
}
