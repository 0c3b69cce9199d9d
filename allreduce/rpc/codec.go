package rpc

import (
	"fmt"

	"google.golang.org/grpc/encoding"
	"google.golang.org/grpc/mem"

	"github.com/ballast-ml/ballast/allreduce"
)

// subtype is the content-subtype of the streams.
const subtype = "ballast-raw"

// gRPC finds a server's codec by the content-subtype of the call, among those
// registered when the program starts.
func init() { encoding.RegisterCodecV2(codec{}) }

// codec passes messages through unchanged.
type codec struct{}

var _ encoding.CodecV2 = codec{}

// Name implements encoding.CodecV2.
func (codec) Name() string { return subtype }

// Marshal implements encoding.CodecV2. It hands a frame's memory to gRPC,
// which returns it by putting it into the frame's pool.
func (codec) Marshal(v any) (mem.BufferSlice, error) {
	m, ok := v.(*message)
	if !ok {
		return nil, fmt.Errorf("allreduce/rpc: cannot send a %T", v)
	}
	if m.frame == nil {
		return mem.BufferSlice{mem.SliceBuffer(m.control.append(nil))}, nil
	}
	h := &homing{frame: m.frame, data: m.frame.Marked(0)[markSize-padding:]}
	m.frame = nil // gRPC's now
	return mem.BufferSlice{mem.NewBuffer(&h.data, h)}, nil
}

// Unmarshal implements encoding.CodecV2. What is wrong with the bytes is left
// in the message: an error returned to gRPC would lose its name.
func (codec) Unmarshal(data mem.BufferSlice, v any) error {
	m, ok := v.(*message)
	if !ok {
		return fmt.Errorf("allreduce/rpc: cannot receive into a %T", v)
	}
	m.err = m.read(data)
	return nil
}

// In front of a frame in a message are zeros: with them and gRPC's own prefix of
// 5 bytes no float straddles two of the pieces in which a long message comes.
const (
	padding  = 3
	markSize = 8
)

// read takes a message out of data. It copies what gRPC is to have back, and
// keeps the pieces of a long frame. It allocates after the length has been
// checked.
func (m *message) read(data mem.BufferSlice) error {
	n := data.Len()
	var first [padding]byte
	if data.CopyTo(first[:]) == 0 || first[0] == controlByte {
		if n > maxControl {
			return fmt.Errorf("%w: control message of %d bytes, at most %d", allreduce.ErrFrame, n, maxControl)
		}
		var err error
		m.control, err = parseControl(data.Materialize())
		return err
	}
	n -= padding
	if first != [padding]byte{} || n < allreduce.HeaderSize || n > allreduce.HeaderSize+allreduce.MaxPayload {
		return fmt.Errorf("%w: %d bytes behind %x", allreduce.ErrFrame, n, first)
	}
	if m.frame = lodge(data, n); m.frame != nil {
		return nil
	}
	m.frame = m.pool.Get(n)
	data.CopyTo(m.frame.Marked(0)[markSize-padding:])
	return nil
}

// message is what the streams send and receive: a frame, or a control message
// if frame is nil.
type message struct {
	frame   *allreduce.Frame
	control control
	pool    *allreduce.Pool // where received frames come from
	err     error           // what was wrong with the bytes received
}

// receiver is the half of a stream that messages come from.
type receiver interface{ RecvMsg(any) error }

// next receives a message.
func next(from receiver, pool *allreduce.Pool) (message, error) {
	m := message{pool: pool}
	if err := from.RecvMsg(&m); err != nil {
		return m, err
	}
	return m, m.err
}

// homing is the way home of one sent frame: gRPC calls Put when the bytes have
// been written, or will never be.
type homing struct {
	frame *allreduce.Frame
	data  []byte
}

// Put implements mem.BufferPool.
func (h *homing) Put(*[]byte) { h.frame.Release() }

// Get implements mem.BufferPool; gRPC does not call it on this pool.
func (h *homing) Get(n int) *[]byte {
	b := make([]byte, n)
	return &b
}
