package wire

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"testing"

	"github.com/ballast-ml/ballast/allreduce"
)

// script is a connection on which the peer says what it says and hangs up.
type script struct {
	net.Conn
	in *bytes.Reader
}

func (c script) Read(b []byte) (int, error) { return c.in.Read(b) }
func (c script) Close() error               { return nil }

// encode returns what a sender writes for a frame with that payload.
func encode(mark uint64, payload []byte) []byte {
	h := allreduce.Header{Phase: allreduce.PhaseGather, Leg: allreduce.Record, Length: uint32(len(payload)), Total: uint64(len(payload))}
	return append(h.Append(binary.LittleEndian.AppendUint64(nil, mark)), payload...)
}

// goodbye is what a sender writes behind the last frame.
func goodbye() []byte {
	b := make([]byte, descriptor)
	copy(b, []byte{255, 255, 255, 255, 255, 255, 255, 255})
	return b
}

func TestReceiver(t *testing.T) {
	long := bytes.Repeat([]byte("0123456789"), 10_000)
	for name, c := range map[string]struct {
		says []byte
		want error
	}{
		"end":             {goodbye(), io.EOF},
		"hangs up":        {nil, io.ErrUnexpectedEOF},
		"in a header":     {encode(inline, nil)[:20], io.ErrUnexpectedEOF},
		"in a payload":    {encode(inline, long)[:5000], io.ErrUnexpectedEOF},
		"no header":       {make([]byte, descriptor), allreduce.ErrFrame},
		"memory not here": {encode(7, long), allreduce.ErrFrame},
		"too long": {func() []byte {
			b := encode(inline, nil)
			binary.NativeEndian.PutUint32(b[8+44:], allreduce.MaxPayload+1)
			return b
		}(), allreduce.ErrFrame},
	} {
		says := append(append(encode(inline, long), encode(inline, nil)...), c.says...)
		r := NewReceiver(script{in: bytes.NewReader(says)}, nil)
		for _, want := range [][]byte{long, nil} {
			f, err := r.Recv()
			if err != nil || !bytes.Equal(f.Payload(), want) {
				t.Fatalf("%s: %v", name, err)
			}
			f.Release()
		}
		for range 2 { // it stays
			if _, err := r.Recv(); !errors.Is(err, c.want) {
				t.Errorf("%s: %v, want %v", name, err, c.want)
			}
		}
	}
}

// FuzzReceiver reads any bytes: it must name what is wrong, and hand back what
// is right as it came.
func FuzzReceiver(f *testing.F) {
	f.Add(append(encode(inline, []byte("ab")), goodbye()...))
	f.Add(encode(3, []byte("ab")))
	f.Add(goodbye()[:50])
	f.Fuzz(func(t *testing.T, b []byte) {
		r := NewReceiver(script{in: bytes.NewReader(b)}, nil)
		var back []byte
		for {
			g, err := r.Recv()
			if err != nil {
				if err != io.EOF && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, allreduce.ErrFrame) {
					t.Fatalf("%v says nothing", err)
				}
				break
			}
			back = append(back, g.Marked(inline)...)
			g.Release()
		}
		if !bytes.HasPrefix(b, back) {
			t.Fatal("the frames differ from what was said")
		}
	})
}

// TestTry checks that what does not fit into the kernel's buffers is left to
// Flush, and arrives whole.
func TestTry(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	c, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	d, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	s, r := NewSender(c, nil), NewReceiver(d, nil)
	defer r.Drop()
	defer s.Drop()
	h := allreduce.Header{Phase: allreduce.PhaseGather, Leg: allreduce.Record, Length: allreduce.MaxPayload, Total: allreduce.MaxPayload}
	sent, pending := 0, false
	for ; !pending && sent < 1000; sent++ {
		f := s.Get(allreduce.HeaderSize + allreduce.MaxPayload)
		h.Append(f.Bytes()[:0])
		for i := range f.Payload() {
			f.Payload()[i] = byte(sent)
		}
		done, err := s.Try(f)
		if err != nil {
			t.Fatal(err)
		}
		pending = !done
	}
	if !pending {
		t.Fatal("a thousand MiB fit into a socket")
	}
	flushed := make(chan error)
	go func() { flushed <- errors.Join(s.Flush(), s.End()) }()
	for i := range sent {
		f, err := r.Recv()
		if err != nil || len(bytes.Trim(f.Payload(), string([]byte{byte(i)}))) > 0 {
			t.Fatalf("frame %d: %v", i, err)
		}
		f.Release()
	}
	if err := <-flushed; err != nil {
		t.Error(err)
	}
	if _, err := r.Recv(); err != io.EOF {
		t.Errorf("%v, want the end", err)
	}
}
