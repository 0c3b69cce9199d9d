package rpc

import (
	"bytes"
	"errors"
	"fmt"
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
	f.Add(allreduce.Header{Phase: allreduce.PhaseSum, Leg: allreduce.Record}.Append(nil), uint8(63))
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
			if !bytes.Equal(m.frame.Bytes(), b) {
				t.Fatal("the frame differs")
			}
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
		if err != nil || data.Len() != n {
			t.Fatal(err, data.Len())
		}
		data.Free()
		if g := pool.Get(n); g != f {
			t.Errorf("frame of %d bytes did not come home", n)
		}
	}
}
