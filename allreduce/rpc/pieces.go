package rpc

import (
	"sync"

	"google.golang.org/grpc/mem"

	"github.com/ballast-ml/ballast/allreduce"
)

// pieceSize is the most that one piece of HTTP/2 carries in gRPC.
const pieceSize = 16 << 10

// pieces are the buffers that the server reads pieces into. gRPC's own pool
// clears each of them first, a pass over all that is received; here the content
// is undefined, and is overwritten whole.
type pieces struct{ free sync.Pool }

var _ mem.BufferPool = (*pieces)(nil)

// Get implements mem.BufferPool.
func (p *pieces) Get(n int) *[]byte {
	if n > pieceSize {
		b := make([]byte, n)
		return &b
	}
	if b, ok := p.free.Get().(*[]byte); ok {
		*b = (*b)[:n]
		return b
	}
	b := make([]byte, n, pieceSize)
	return &b
}

// Put implements mem.BufferPool.
func (p *pieces) Put(b *[]byte) {
	if cap(*b) == pieceSize {
		p.free.Put(b)
	}
}

// lodging is a received frame whose payload stays where gRPC has put it.
type lodging struct {
	frame  *allreduce.Frame
	data   mem.BufferSlice
	pieces [][]byte
}

var lodgings = sync.Pool{New: func() any {
	l := new(lodging)
	l.frame = allreduce.NewFixed(l, 0)
	return l
}}

// lodge returns the frame of n bytes in data, whose buffers it keeps until the
// frame is released. It returns nil if that is not worth it, or if a float or
// the header lies in two of them.
func lodge(data mem.BufferSlice, n int) *allreduce.Frame {
	const front = padding + allreduce.HeaderSize
	if n <= pieceSize || data[0].Len() <= front {
		return nil
	}
	for i, b := range data {
		if size := b.Len(); size == 0 || i == 0 && (size-front)%4 != 0 || i > 0 && size%4 != 0 {
			return nil
		}
	}
	l := lodgings.Get().(*lodging)
	data.Ref()
	l.data = append(l.data[:0], data...)
	for _, b := range data {
		l.pieces = append(l.pieces, b.ReadOnlyData())
	}
	header := l.pieces[0][padding:front]
	l.pieces[0] = l.pieces[0][front:]
	return l.frame.ShowPieces(header, l.pieces)
}

// Put implements allreduce.Home.
func (l *lodging) Put(*allreduce.Frame) {
	l.data.Free()
	clear(l.data)
	clear(l.pieces)
	l.pieces = l.pieces[:0]
	lodgings.Put(l)
}
