package allreduce

import (
	"bytes"
	"encoding/binary"
	"errors"
	"testing"
)

// FuzzBundle takes what a node may send in the second round of a dissemination,
// two records in one or two frames. What is accepted is what was sent.
func FuzzBundle(f *testing.F) {
	f.Add([]byte{3, 'a', 'b', 'c', 0}, 2)
	f.Add([]byte{0, 0}, 0)
	f.Add([]byte{0, 0, 0}, 1)
	f.Add([]byte{1, 'a'}, 1)
	f.Add([]byte{255, 255, 255, 255, 255, 255, 255, 255, 255, 1, 0}, 3)
	f.Add([]byte{}, 0)
	f.Fuzz(func(t *testing.T, payload []byte, cut int) {
		if len(payload) > 1000 {
			return
		}
		cut = min(max(0, cut), len(payload))
		var pool Pool
		var d dissemination
		d.begin([]byte("own"))
		d.round = 1
		for i, part := range [][]byte{payload[:cut], payload[cut:]} {
			g := pool.Get(HeaderSize + len(part))
			copy(g.Payload(), part)
			g.head = Header{Leg: Bundle, Chunk: 7, Length: uint32(len(part)), Offset: uint64(i * cut), Total: uint64(len(payload))}
			if err := d.keep(g, 7); err != nil {
				t.Fatal(err)
			}
		}
		if err := d.split(2); err != nil {
			if !errors.Is(err, ErrFrame) {
				t.Fatalf("%v is not ErrFrame", err)
			}
			return
		}
		var sent []byte
		for _, i := range []int{1, 2} {
			sent = append(binary.AppendUvarint(sent, uint64(len(d.record(i)))), d.record(i)...)
		}
		// A length may be written in more bytes than it needs.
		if len(sent) == len(payload) && !bytes.Equal(sent, payload) || len(sent) > len(payload) || string(d.known[:4]) != "\x03own" {
			t.Fatalf("%q was sent, %q understood", payload, sent)
		}
	})
}
