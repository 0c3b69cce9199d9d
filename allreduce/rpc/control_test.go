package rpc

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"testing"

	"google.golang.org/grpc/mem"

	"github.com/ballast-ml/ballast/allreduce"
)

func TestRefusal(t *testing.T) {
	for _, want := range reasons {
		err := refused(refusal(fmt.Errorf("%w: 3 and 4", want)).body)
		if !errors.Is(err, want) || !bytes.Contains([]byte(err.Error()), []byte("3 and 4")) {
			t.Errorf("%v becomes %v", want, err)
		}
	}
	for _, body := range [][]byte{nil, {9}, {255, 'x'}} {
		if err := refused(body); !errors.Is(err, allreduce.ErrFrame) {
			t.Errorf("%q: %v, want ErrFrame", body, err)
		}
	}
}

// FuzzMessage gives the codec any bytes in any pieces: it must name what is
// wrong, and hand back frames and control messages as they came.
func FuzzMessage(f *testing.F) {
	hello := allreduce.Hello{Run: "r", Names: []string{"a", "b"}, Shards: []int{0, 1, 2}}
	f.Add(control{kind: kindHello, body: hello.Append(nil)}.append(nil), uint8(3))
	f.Add(control{kind: kindFarewell, body: allreduce.Farewell{Rank: 1, Text: "x"}.Append(nil)}.append(nil), uint8(1))
	f.Add(control{kind: kindRefusal}.append(nil), uint8(200))
	f.Add(control{kind: kindOffer, body: offer{tcp: true, door: "@x"}.append(nil)}.append(nil), uint8(7))
	f.Add(control{kind: kindChoice, body: []byte{byte(Memory)}}.append(nil), uint8(2))
	f.Add([]byte{controlByte, 99}, uint8(0))
	f.Add([]byte{controlByte}, uint8(0))
	f.Add([]byte{}, uint8(0))
	f.Add(allreduce.Header{Phase: allreduce.PhaseSum, Leg: allreduce.Record}.Append(make([]byte, padding)), uint8(63))
	long := append(allreduce.Header{Phase: allreduce.PhaseSum, Leg: allreduce.Finished, Length: 20000}.Append(make([]byte, padding)), make([]byte, 20000)...)
	f.Add(long, uint8(79)) // between two floats
	f.Add(long, uint8(80))
	f.Add(make([]byte, 70), uint8(5))
	f.Fuzz(func(t *testing.T, b []byte, cut uint8) {
		at := min(int(cut), len(b))
		m := message{pool: new(allreduce.Pool)}
		data := mem.BufferSlice{mem.SliceBuffer(b[:at]), mem.SliceBuffer(b[at:])}
		if err := (codec{}).Unmarshal(data, &m); err != nil {
			t.Fatal(err)
		}
		switch {
		case m.err != nil:
			if !errors.Is(m.err, allreduce.ErrFrame) {
				t.Fatalf("%v is not ErrFrame", m.err)
			}
		case m.frame != nil:
			got := slices.Clone(m.frame.Marked(0)[markSize-padding:][:padding+allreduce.HeaderSize])
			if !bytes.Equal(append(got, m.frame.Payload()...), b) {
				t.Fatal("the frame differs")
			}
			m.frame.Release()
		default:
			if !bytes.Equal(m.control.append(nil), b) {
				t.Fatal("the control message differs")
			}
			helloOf(m, m.control.kind)
			if o, err := parseOffer(m.control.body); err == nil && !bytes.Equal(o.append(nil), m.control.body) {
				t.Fatal("the offer differs")
			}
			parseWay(m.control.body)
			if m.control.kind == kindRefusal {
				refused(m.control.body)
			}
		}
	})
}

// TestCodecTypes has what only a mistake in the program can pass.
func TestCodecTypes(t *testing.T) {
	if _, err := (codec{}).Marshal("text"); err == nil {
		t.Error("Marshal of a string succeeds")
	}
	if err := (codec{}).Unmarshal(nil, new(string)); err == nil {
		t.Error("Unmarshal into a string succeeds")
	}
}

// TestFramesComeHome checks that gRPC's way of giving memory back reaches the
// frame's pool, for the smallest frame too.
func TestFramesComeHome(t *testing.T) {
	for _, n := range []int{allreduce.HeaderSize, 5000, allreduce.HeaderSize + allreduce.MaxPayload} {
		var pool allreduce.Pool
		f := pool.Get(n)
		data, err := codec{}.Marshal(&message{frame: f})
		if err != nil || data.Len() != padding+n {
			t.Fatal(err, data.Len())
		}
		data.Free()
		if g := pool.Get(n); g != f {
			t.Errorf("frame of %d bytes did not come home", n)
		}
	}
}

// counting counts the buffers that come back to it.
type counting struct{ back int }

func (c *counting) Get(n int) *[]byte { b := make([]byte, n); return &b }
func (c *counting) Put(*[]byte)       { c.back++ }

// TestPiecesStayWithTheFrame: what gRPC reads of a long frame is not copied, and
// is given back with the frame, not before.
func TestPiecesStayWithTheFrame(t *testing.T) {
	const large = 3 // buffers; what is left is too small for a pool
	var pool counting
	payload := make([]byte, 3*pieceSize)
	for i := range payload {
		payload[i] = byte(i % 251)
	}
	h := allreduce.Header{Phase: allreduce.PhaseSum, Leg: allreduce.Finished, Length: uint32(len(payload)), Total: uint64(len(payload) / 4)}
	whole := append(h.Append(make([]byte, padding)), payload...)
	for _, first := range []int{pieceSize - 5, pieceSize - 4} { // as gRPC cuts, and through a float
		var data mem.BufferSlice
		for rest, n := whole, first; len(rest) > 0; n = pieceSize {
			piece := slices.Clone(rest[:min(n, len(rest))])
			data, rest = append(data, mem.NewBuffer(&piece, &pool)), rest[len(piece):]
		}
		pool.back = 0
		m := message{pool: new(allreduce.Pool)}
		if err := (codec{}).Unmarshal(data, &m); err != nil || m.err != nil {
			t.Fatal(err, m.err)
		}
		data.Free()
		early := pool.back
		if got, err := m.frame.Header(); err != nil || got.Length != h.Length || !bytes.Equal(m.frame.Payload(), payload) {
			t.Errorf("first piece of %d: header %+v (%v), or another payload", first, got, err)
		}
		m.frame.Release()
		want := 0
		if first != pieceSize-5 {
			want = large // copied at once
		}
		if early != want || pool.back != large {
			t.Errorf("first piece of %d: %d buffers are back before the frame's release and %d after it, want %d and %d", first, early, pool.back, want, large)
		}
	}
}
