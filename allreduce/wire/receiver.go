package wire

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"

	"github.com/ballast-ml/ballast/allreduce"
)

// descriptor is what goes over the connection for each frame, but for the
// payload.
const descriptor = 8 + allreduce.HeaderSize

// ahead is how much is read at once: many small frames, and little enough of a
// large one that most of it goes straight to its place.
const ahead = 8 << 10

// View is the receiver's side of an Arena.
type View interface {
	// Show returns the frame whose payload of n bytes lies in the sender's
	// arena where mark says. Whatever mark and n are, it refers to no memory
	// outside; errors wrap allreduce.ErrFrame.
	Show(mark uint64, header []byte, n int) (*allreduce.Frame, error)
	// Close ends the view. Frames shown stay readable until they are released.
	Close()
}

// Receiver reads the frames of one edge from a connection. One goroutine may
// use it, but for Close.
type Receiver struct {
	conn net.Conn
	in   *bufio.Reader
	view View // nil: payloads follow their headers
	pool allreduce.Pool
	err  error
}

// NewReceiver returns a receiver on conn, which it owns; view may be nil.
func NewReceiver(conn net.Conn, view View) *Receiver {
	return &Receiver{conn: conn, in: bufio.NewReaderSize(conn, ahead), view: view}
}

// Recv returns the next frame; the caller owns it. Behind the last frame it
// returns io.EOF. What the sender got wrong wraps allreduce.ErrFrame; any other
// error is a broken connection, also one that ends without the sender's word.
// The first error stays.
func (r *Receiver) Recv() (*allreduce.Frame, error) {
	if r.err != nil {
		return nil, r.err
	}
	f, err := r.next()
	r.err = err
	return f, err
}

func (r *Receiver) next() (*allreduce.Frame, error) {
	d, err := r.in.Peek(descriptor)
	if err != nil {
		return nil, broken(err)
	}
	mark, header := binary.LittleEndian.Uint64(d), d[8:]
	if mark == end {
		return nil, io.EOF
	}
	n, err := allreduce.PayloadLength(header)
	if err != nil {
		return nil, err
	}
	if mark != inline {
		return r.show(mark, header, n)
	}
	f := r.pool.Get(allreduce.HeaderSize + n)
	copy(f.Bytes(), header)
	if err := r.fill(f.Payload()); err != nil {
		f.Release()
		return nil, broken(err)
	}
	return f, nil
}

// fill reads the payload behind the descriptor.
func (r *Receiver) fill(payload []byte) error {
	if _, err := r.in.Discard(descriptor); err != nil {
		return err
	}
	_, err := io.ReadFull(r.in, payload)
	return err
}

// show finds a payload in the sender's arena. The header is this process's own
// copy already: what the sender does to its memory later changes no length.
func (r *Receiver) show(mark uint64, header []byte, n int) (*allreduce.Frame, error) {
	if r.view == nil {
		return nil, fmt.Errorf("%w: a place in memory that is not shared", allreduce.ErrFrame)
	}
	f, err := r.view.Show(mark, header, n)
	if err != nil {
		return nil, err
	}
	_, err = r.in.Discard(descriptor) // it is in the buffer
	return f, err
}

// broken keeps the end of a connection apart from the end of the frames.
func broken(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// Close ends the connection; a Recv under way returns. Closing again does
// nothing.
func (r *Receiver) Close() { _ = r.conn.Close() }

// Drop ends the receiver when no Recv is under way any more: what it held of
// the sender's memory goes with the last frame that is released.
func (r *Receiver) Drop() {
	r.Close()
	if r.view != nil {
		r.view.Close()
	}
}
