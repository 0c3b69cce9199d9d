package allreduce

import (
	"bytes"
	"encoding/binary"
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
// payload. At any time it has one owner, who alone may touch it, and who either
// passes it on or releases it.
//
// A frame may be fixed: its payload lies elsewhere and must not be written. One
// that a link has received lies in memory of the previous node, mapped
// read-only, and cannot be sent on; one to be sent refers to the caller's.
type Frame struct {
	memory []byte   // prefix, header and payload in one piece; of a fixed frame prefix and header
	body   []byte   // the payload
	rest   [][]byte // what of a fixed frame's payload lies behind body, in pieces
	head   Header   // the decoded header, once a ring has received the frame
	home   Home
	place  int
	fixed  bool
	idle   bool // not in use: using it is a mistake
}

// In front of a header there is room for a link's mark, and as much as keeps
// the payload at the start of a cache line where the memory is.
const (
	prefixSize = 56
	markSize   = 8
)

// Home is where frames go when they are released.
type Home interface {
	// Put takes back a frame of its own. It may be called from any goroutine.
	Put(f *Frame)
}

// FrameRoom returns the bytes of memory that a frame needs whose Bytes have
// length n.
func FrameRoom(n int) int { return prefixSize + n }

// NewFrame makes an idle frame of memory that home owns; Reset puts it to use.
// place is for home to know it by. The memory is aligned to 8 bytes; its
// payload starts 128 bytes into it.
func NewFrame(home Home, place int, memory []byte) *Frame {
	return &Frame{memory: memory, home: home, place: place, idle: true}
}

// NewFixed makes an idle frame for payloads elsewhere; Show puts it to use.
func NewFixed(home Home, place int) *Frame {
	return &Frame{memory: make([]byte, prefixSize+HeaderSize), home: home, place: place, fixed: true, idle: true}
}

// Place returns what home knows the frame by.
func (f *Frame) Place() int { return f.place }

// Reset puts an idle frame to use, with Bytes of length n and of undefined
// content.
func (f *Frame) Reset(n int) *Frame {
	f.memory = f.memory[:prefixSize+n]
	f.body = f.memory[prefixSize+HeaderSize:]
	f.head, f.idle = Header{}, false
	return f
}

// Show puts an idle fixed frame to use. It copies the header and keeps the
// payload.
func (f *Frame) Show(header, payload []byte) *Frame {
	copy(f.memory[prefixSize:], header)
	f.body, f.rest = payload, nil
	f.head, f.idle = Header{}, false
	return f
}

// ShowPieces is Show of a payload that lies in several pieces. Each must hold
// whole floats, and one at least. The frame keeps the slice of pieces.
func (f *Frame) ShowPieces(header []byte, pieces [][]byte) *Frame {
	f.Show(header, pieces[0])
	f.rest = pieces[1:]
	return f
}

// Bytes returns header and payload in one piece, aligned to 8 bytes. It panics
// if the frame is fixed.
func (f *Frame) Bytes() []byte {
	f.check()
	if f.fixed {
		panic("allreduce: Bytes of a fixed frame")
	}
	return f.memory[prefixSize:]
}

// Marked writes mark in front of the header and returns mark, header and
// payload in one piece; of a fixed frame the first two.
func (f *Frame) Marked(mark uint64) []byte {
	f.check()
	m := f.memory[prefixSize-markSize:]
	binary.LittleEndian.PutUint64(m, mark)
	return m
}

// Header decodes the header, as ParseHeader does.
func (f *Frame) Header() (Header, error) {
	f.check()
	return parseHeader(f.memory[prefixSize:], f.length())
}

// Payload returns the bytes behind the header. Those of a fixed frame must not
// be written; if they lie in pieces it is a copy.
func (f *Frame) Payload() []byte {
	f.check()
	if len(f.rest) > 0 {
		f.body, f.rest = bytes.Join(append([][]byte{f.body}, f.rest...), nil), nil
	}
	return f.body
}

// length returns that of the payload.
func (f *Frame) length() int {
	n := len(f.body)
	for _, p := range f.rest {
		n += len(p)
	}
	return n
}

// encode writes the header in front of the payload.
func (f *Frame) encode() {
	f.check()
	f.head.Append(f.memory[prefixSize:prefixSize])
}

func (f *Frame) check() {
	if f.idle {
		panic("allreduce: frame used after Release")
	}
}

// size returns the length of header and payload.
func (f *Frame) size() int { return HeaderSize + f.length() }

// floats returns the payload as float32, in this machine's byte order. The
// header refuses frames of the other order. It must not lie in pieces.
func (f *Frame) floats() []float32 { return floatsOf(f.body) }

// run returns the floats of the payload from index at on that lie in one piece,
// one at least if there are any.
func (f *Frame) run(at int) []float32 {
	at *= 4
	if at < len(f.body) {
		return floatsOf(f.body[at:])
	}
	at -= len(f.body)
	for _, p := range f.rest {
		if at < len(p) {
			return floatsOf(p[at:])
		}
		at -= len(p)
	}
	return nil
}

func floatsOf(p []byte) []float32 {
	if len(p) == 0 {
		return nil
	}
	return unsafe.Slice((*float32)(unsafe.Pointer(&p[0])), len(p)/4)
}

// Release gives the frame back to where it came from, whoever holds it now.
func (f *Frame) Release() {
	if f.idle {
		panic("allreduce: frame released twice")
	}
	f.idle = true
	f.home.Put(f)
}

// Pool keeps the frames that are not in use. Its zero value is ready; its
// methods may be called at once from several goroutines. What it holds is at
// most what was in use at one time, and goes with the ring or link that owns
// it.
type Pool struct {
	mu   sync.Mutex
	free [classes][]*Frame
}

var _ Home = (*Pool)(nil)

// Get returns a frame whose Bytes have length n, of undefined content. It
// panics if n is not between HeaderSize and HeaderSize+MaxPayload.
func (p *Pool) Get(n int) *Frame {
	if n < HeaderSize || n > HeaderSize+MaxPayload {
		panic(fmt.Sprintf("allreduce: frame of %d bytes", n))
	}
	class := bits.Len(uint(max(n-HeaderSize, smallPayload)-1)) - bits.Len(uint(smallPayload-1))
	f := p.take(class)
	if f == nil {
		f = p.grow(class)
	}
	return f.Reset(n)
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
	return f
}

// Put implements Home.
func (p *Pool) Put(f *Frame) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.free[f.place] = append(p.free[f.place], f)
}

// grow allocates in units of 8 bytes, so that floats are aligned.
func (p *Pool) grow(class int) *Frame {
	n := FrameRoom(HeaderSize + smallPayload<<class)
	words := make([]uint64, n/8)
	return NewFrame(p, class, unsafe.Slice((*byte)(unsafe.Pointer(&words[0])), n))
}
