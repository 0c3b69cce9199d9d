package allreduce

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// sampleHeader is valid with 8 bytes of payload.
var sampleHeader = Header{
	Run: 1, Generation: 2, Roster: 3, Step: 4, Phase: PhaseSum, Leg: Finished,
	Seq: 5, Bucket: 6, Chunk: 7, Length: 8, Offset: 9, Total: 11,
}

func TestHeaderRoundTrip(t *testing.T) {
	b := sampleHeader.Append(nil)
	if len(b) != HeaderSize {
		t.Fatalf("%d bytes, want %d", len(b), HeaderSize)
	}
	got, err := ParseHeader(append(b, make([]byte, 8)...))
	if err != nil || got != sampleHeader {
		t.Errorf("%+v, %v; want %+v", got, err, sampleHeader)
	}
}

func TestHeaderRefusals(t *testing.T) {
	edit := func(f func(*Header)) []byte {
		h := sampleHeader
		f(&h)
		return h.Append(nil)
	}
	raw := func(f func(b []byte)) []byte {
		b := sampleHeader.Append(nil)
		f(b)
		return b
	}
	for name, c := range map[string]struct {
		head    []byte
		payload int
		want    string
	}{
		"short":            {sampleHeader.Append(nil)[:HeaderSize-1], 0, "71 bytes"},
		"magic":            {raw(func(b []byte) { b[0], b[1] = 'P', 'R' }), 8, "starts with"},
		"version":          {raw(func(b []byte) { binary.NativeEndian.PutUint16(b, magic+1) }), 8, "this build speaks 4"},
		"byte order":       {raw(func(b []byte) { b[0], b[1] = b[1], b[0] }), 8, "byte order"},
		"phase":            {edit(func(h *Header) { h.Phase = 9 }), 8, "phase 9"},
		"leg of a phase":   {edit(func(h *Header) { h.Phase = PhaseGather }), 8, "leg 2"},
		"no leg":           {edit(func(h *Header) { h.Leg = 0 }), 8, "leg 0"},
		"length":           {edit(func(h *Header) {}), 12, "length 8 with 12 bytes"},
		"part of a float":  {edit(func(h *Header) { h.Length = 6 }), 6, "multiple of 4"},
		"beyond the end":   {edit(func(h *Header) { h.Total = 10 }), 8, "2 at offset 9 of 10"},
		"offset overflow":  {edit(func(h *Header) { h.Offset = 1<<64 - 1 }), 8, "offset"},
		"empty":            {edit(func(h *Header) { h.Length = 0 }), 0, "empty"},
		"length too large": {edit(func(h *Header) { h.Length, h.Total = MaxPayload+4, 1<<40 }), MaxPayload + 4, "at most"},
	} {
		_, err := ParseHeader(append(c.head, make([]byte, c.payload)...))
		if !errors.Is(err, ErrFrame) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want ErrFrame with %q", name, err, c.want)
		}
	}
}

func TestHeaderIdentity(t *testing.T) {
	for _, c := range []struct {
		edit func(*Header)
		want error
	}{
		{func(h *Header) {}, nil},
		{func(h *Header) { h.Run++ }, ErrRun},
		{func(h *Header) { h.Generation++ }, ErrStale},
		{func(h *Header) { h.Roster++ }, ErrRoster},
	} {
		h := sampleHeader
		c.edit(&h)
		if err := h.matches(&sampleHeader); !errors.Is(err, c.want) {
			t.Errorf("%+v: %v, want %v", h, err, c.want)
		}
	}
}

// FuzzHeader checks that the decoder takes any bytes, that what it accepts
// stays inside the frame, and that encoding it again gives the same bytes.
func FuzzHeader(f *testing.F) {
	f.Add(append(sampleHeader.Append(nil), make([]byte, 8)...))
	f.Add(sampleHeader.Append(nil))
	f.Add(Header{Phase: PhaseGather, Leg: Record}.Append(nil))
	f.Add(Header{Phase: PhaseBroadcast, Leg: Record, Length: 1, Total: 1 << 63}.Append(nil))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, b []byte) {
		h, err := ParseHeader(b)
		if err != nil {
			if !errors.Is(err, ErrFrame) {
				t.Fatalf("%v is not ErrFrame", err)
			}
			return
		}
		if int(h.Length) != len(b)-HeaderSize {
			t.Fatalf("length %d of %d bytes", h.Length, len(b))
		}
		if !bytes.Equal(h.Append(nil), b[:HeaderSize]) {
			t.Fatal("decoding loses something")
		}
	})
}

var sampleHello = Hello{
	Run: "run", Generation: 1 << 40, Roster: 1 << 63, Rank: 1, Bucket: BucketFloats,
	Names: []string{"a", "bc", "ä"}, Shards: []int{0, 3, 300, 70000},
}

func TestHelloRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := Hello{
			Run: rapid.String().Draw(t, "run"), Generation: rapid.Uint64().Draw(t, "generation"),
			Roster: rapid.Uint64().Draw(t, "roster"), Rank: rapid.IntRange(0, 1<<31-1).Draw(t, "rank"),
			Bucket: rapid.IntRange(0, 1<<31-1).Draw(t, "bucket"),
		}
		h.Names = append(h.Names, rapid.SliceOf(rapid.String()).Draw(t, "names")...)
		h.Shards = append(h.Shards, rapid.SliceOf(rapid.IntRange(0, 1<<31-1)).Draw(t, "shards")...)
		got, err := ParseHello(h.Append(nil))
		if err != nil || !cmp.Equal(got, h) {
			t.Fatalf("%+v, %v; want %+v", got, err, h)
		}
	})
}

// TestHelloOfTooMany refuses lists that take 16 times the memory of their message,
// and messages too long for any ring.
func TestHelloOfTooMany(t *testing.T) {
	for _, n := range []int{maxItems, maxItems + 1} {
		_, err := ParseHello(Hello{Names: make([]string, n), Shards: make([]int, 3)}.Append(nil))
		if (err == nil) != (n == maxItems) || err != nil && !errors.Is(err, ErrFrame) {
			t.Errorf("%d names: %v", n, err)
		}
		_, err = ParseHello(Hello{Names: make([]string, 2), Shards: make([]int, n)}.Append(nil))
		if (err == nil) != (n == maxItems) || err != nil && !errors.Is(err, ErrFrame) {
			t.Errorf("%d shards: %v", n, err)
		}
	}
	if _, err := ParseHello(make([]byte, maxHello+1)); !errors.Is(err, ErrFrame) {
		t.Errorf("an overlong message: %v", err)
	}
}

// FuzzHello checks that the decoder takes any bytes, and that what it accepts
// survives another round trip.
func FuzzHello(f *testing.F) {
	b := sampleHello.Append(nil)
	f.Add(b)
	f.Add(b[:len(b)-1])
	f.Add(append(b, 0))
	f.Add([]byte{})
	f.Add(append([]byte{0}, bytes.Repeat([]byte{0xff}, 40)...)) // lying counts
	f.Fuzz(func(t *testing.T, b []byte) {
		h, err := ParseHello(b)
		if err != nil {
			if !errors.Is(err, ErrFrame) {
				t.Fatalf("%v is not ErrFrame", err)
			}
			return
		}
		again, err := ParseHello(h.Append(nil))
		if err != nil || !cmp.Equal(again, h) {
			t.Fatalf("%+v, %v; want %+v", again, err, h)
		}
	})
}

// FuzzFarewell is FuzzHello for farewells, which must also make an error for
// any ring.
func FuzzFarewell(f *testing.F) {
	f.Add(Farewell{Rank: 2, Text: "gone"}.Append(nil))
	f.Add([]byte{0xff, 0xff, 0xff, 0xff, 0x0f, 0})
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, b []byte) {
		w, err := ParseFarewell(b)
		if err != nil {
			return
		}
		top := Topology{Names: []string{"a", "b", "c"}}
		if pe := w.Err(top, 1); pe.Rank == 0 || pe.Peer != top.Names[pe.Rank] {
			t.Fatalf("%+v names %s (rank %d) to rank 0", w, pe.Peer, pe.Rank)
		}
		if again, err := ParseFarewell(w.Append(nil)); err != nil || again != w {
			t.Fatalf("%+v, %v; want %+v", again, err, w)
		}
	})
}

func TestFarewell(t *testing.T) {
	top := Topology{Names: []string{"a", "b", "c", "d"}, Rank: 2}
	for _, c := range []struct {
		reason error
		rank   int // named by d, which hears it from c
		kind   error
		text   string
	}{
		{&PeerError{Peer: "b", Rank: 1, Err: ErrLost}, 1, ErrLost, "connection lost, says c"},
		{&PeerError{Peer: "b", Rank: 1, Err: fmt.Errorf("%w: x", ErrPark)}, 1, ErrGaveUp, "early frames: x, says c"},
		{&PeerError{Peer: "a", Rank: 0, Err: &hearsay{kind: ErrLost, by: "b", text: "x"}}, 0, ErrLost, "x, says c"},
		{errors.New("stop"), 2, ErrGaveUp, "peer gave up: stop"},
		{&PeerError{Peer: "d", Rank: 3, Err: ErrFrame}, 2, ErrGaveUp, "bad frame"}, // d itself: it knows better
		{errors.New(strings.Repeat("x", 5000)), 2, ErrGaveUp, "xxx"},
	} {
		w, err := ParseFarewell(NewFarewell(top, c.reason).Append(nil))
		if err != nil {
			t.Fatal(err)
		}
		at := top
		at.Rank = 3
		if pe := w.Err(at, 2); pe.Rank != c.rank || !errors.Is(pe, c.kind) || pe.Peer != top.Names[c.rank] || !strings.Contains(pe.Error(), c.text) {
			t.Errorf("%v: heard %v, want rank %d, %v and %q", c.reason, pe, c.rank, c.kind, c.text)
		}
	}
}
