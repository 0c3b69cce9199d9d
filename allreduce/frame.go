package allreduce

import (
	"fmt"
	"math/bits"
	"sync"
	"unsafe"
)

// MaxPayload is the most bytes behind a frame's header.
const MaxPayload = 1 << 20

const (
	smallPayload = 2 << 10 // the smallest class; gRPC hands buffers of 1 KiB and less back to nobody
	classes      = 10      // smallPayload << 9 is MaxPayload
)

// Frame is what travels between two nodes: a header of HeaderSize bytes and a
// payload, in one piece of pooled memory. At any time it has one owner, who
// alone may touch it, and who either passes it on or releases it.
type Frame struct {
	data  []byte // header and payload
	head  Header // the decoded header, once a ring has received the frame
	pool  *Pool
	class int
	idle  bool // in a pool's free list: using it is a mistake
}

// Bytes returns header and payload, aligned to 8 bytes.
func (f *Frame) Bytes() []byte {
	if f.idle {
		panic("allreduce: frame used after Release")
	}
	return f.data
}

// payload returns the bytes behind the header.
func (f *Frame) payload() []byte { return f.data[HeaderSize:] }

// floats returns the payload as float32, in this machine's byte order. The
// header refuses frames of the other order.
func (f *Frame) floats() []float32 {
	p := f.payload()
	if len(p) == 0 {
		return nil
	}
	return unsafe.Slice((*float32)(unsafe.Pointer(&p[0])), len(p)/4)
}

// Release gives the frame back to the pool it came from, whoever holds it now.
func (f *Frame) Release() { f.pool.put(f) }

// Pool keeps the frames that are not in use. Its zero value is ready; its
// methods may be called at once from several goroutines. What it holds is at
// most what was in use at one time, and goes with the ring or link that owns
// it.
type Pool struct {
	mu   sync.Mutex
	free [classes][]*Frame
}

// Get returns a frame whose Bytes have length n, of undefined content. It
// panics if n is not between HeaderSize and HeaderSize+MaxPayload.
func (p *Pool) Get(n int) *Frame {
	if n < HeaderSize || n > HeaderSize+MaxPayload {
		panic(fmt.Sprintf("allreduce: frame of %d bytes", n))
	}
	class := bits.Len(uint(max(n-HeaderSize, smallPayload)-1)) - bits.Len(uint(smallPayload-1))
	f := p.take(class)
	if f == nil {
		f = newFrame(p, class)
	}
	f.data = f.data[:n]
	f.head = Header{}
	return f
}

func (p *Pool) take(class int) *Frame {
	p.mu.Lock()
	defer p.mu.Unlock()
	list := p.free[class]
	if len(list) == 0 {
		return nil
	}
	f := list[len(list)-1]
	list[len(list)-1] = nil
	p.free[class] = list[:len(list)-1]
	f.idle = false
	return f
}

func (p *Pool) put(f *Frame) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if f.idle {
		panic("allreduce: frame released twice")
	}
	f.idle = true
	p.free[f.class] = append(p.free[f.class], f)
}

// newFrame allocates in units of 8 bytes, so that floats are aligned.
func newFrame(p *Pool, class int) *Frame {
	n := HeaderSize + smallPayload<<class
	words := make([]uint64, n/8)
	return &Frame{data: unsafe.Slice((*byte)(unsafe.Pointer(&words[0])), n), pool: p, class: class}
}
