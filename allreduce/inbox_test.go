package allreduce

import (
	"errors"
	"testing"
)

func TestInbox(t *testing.T) {
	var pool Pool
	const n = 200 // more than the first queue holds
	b := newInbox(n*HeaderSize, make(chan struct{}, 1))
	for round := range 3 {
		for i := range n {
			f := pool.Get(HeaderSize)
			f.head.Step = uint64(i)
			if err := b.push(f); err != nil {
				t.Fatal(err)
			}
			if i == 10*round { // so that the queue goes round
				b.pop().Release()
			}
		}
		if err := b.push(pool.Get(2 * HeaderSize)); !errors.Is(err, ErrPark) {
			t.Errorf("too much: %v, want ErrPark", err)
		}
		for i := 1; i < n; i++ {
			f := b.pop()
			if f.head.Step != uint64(i) {
				t.Fatalf("frame %d, want %d", f.head.Step, i)
			}
			f.Release()
		}
		if b.pop() != nil || b.mu.bytes != 0 {
			t.Fatalf("not empty: %d bytes", b.mu.bytes)
		}
	}
}

func TestPool(t *testing.T) {
	var p Pool
	for _, n := range []int{0, 1, smallPayload, smallPayload + 1, 100_000, 4 * SegmentFloats, MaxPayload} {
		f := p.Get(HeaderSize + n)
		if len(f.Bytes()) != HeaderSize+n || len(f.floats()) != n/4 || cap(f.Bytes()) <= 1024 {
			t.Errorf("%d bytes: %d, %d floats, cap %d", n, len(f.Bytes()), len(f.floats()), cap(f.Bytes()))
		}
		f.Release()
		if g := p.Get(HeaderSize + n); g != f {
			t.Errorf("%d bytes: the frame was not used again", n)
		}
	}
	mustPanic(t, "twice", func() { f := p.Get(HeaderSize); f.Release(); f.Release() })
	mustPanic(t, "after Release", func() { f := p.Get(HeaderSize); f.Release(); f.Bytes() })
	mustPanic(t, "too small", func() { p.Get(HeaderSize - 1) })
	mustPanic(t, "too large", func() { p.Get(HeaderSize + MaxPayload + 1) })
}

func mustPanic(t *testing.T, name string, f func()) {
	t.Helper()
	defer func() {
		if recover() == nil {
			t.Errorf("%s: no panic", name)
		}
	}()
	f()
}

func TestTopology(t *testing.T) {
	good := Topology{Names: []string{"a", "b"}, Shards: []int{0, 1, 2}}
	for name, edit := range map[string]func(*Topology){
		"no nodes":     func(t *Topology) { t.Names = nil },
		"rank":         func(t *Topology) { t.Rank = 2 },
		"addresses":    func(t *Topology) { t.Addrs = []string{"x"} },
		"bounds":       func(t *Topology) { t.Shards = []int{0, 2} },
		"first bound":  func(t *Topology) { t.Shards = []int{1, 1, 2} },
		"descending":   func(t *Topology) { t.Shards = []int{0, 3, 2} },
		"no shards":    func(t *Topology) { t.Shards = []int{0, 0, 0} },
		"same name":    func(t *Topology) { t.Names = []string{"a", "a"} },
		"empty name":   func(t *Topology) { t.Names = []string{"a", ""} },
		"long segment": func(t *Topology) { t.Sizes.Segment = MaxPayload },
		"bucket":       func(t *Topology) { t.Sizes.Bucket = -1 },
	} {
		bad := good
		edit(&bad)
		if err := bad.Validate(); !errors.Is(err, ErrShape) {
			t.Errorf("%s: %v, want ErrShape", name, err)
		}
	}
	if err := good.Validate(); err != nil {
		t.Error(err)
	}
}
