package shm

import (
	"bytes"
	"context"
	"errors"
	"net"
	"os"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/ballast-ml/ballast/allreduce"
	"github.com/ballast-ml/ballast/allreduce/wire"
)

var tiny = Size{Places: 2, Bytes: 1 << 10, Least: -1, Refs: 2, Free: 1 << 14, Worth: -1}

// pair opens the two ends of an edge.
func pair(t *testing.T, size Size) (*wire.Sender, *wire.Receiver) {
	t.Helper()
	d, err := Open()
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	nonce := Nonce{1, 2, 3}
	s, err := Dial(t.Context(), d.Name(), nonce, size)
	if err != nil {
		t.Fatal(err)
	}
	r, err := d.Accept(nonce, time.Now().Add(5*time.Second))
	if err != nil {
		t.Fatal(err)
	}
	return s, r
}

// send sends a frame of n bytes of one value.
func send(t *testing.T, s *wire.Sender, f *allreduce.Frame, n int) {
	t.Helper()
	h := allreduce.Header{Phase: allreduce.PhaseGather, Leg: allreduce.Record, Length: uint32(n), Total: uint64(n)}
	copy(f.Marked(0)[8:], h.Append(nil))
	if err := s.Send(f); err != nil {
		t.Fatal(err)
	}
}

func recv(t *testing.T, r *wire.Receiver) *allreduce.Frame {
	t.Helper()
	f, err := r.Recv()
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// TestPlacesComeBack sends more frames than there are places: those without one
// go through the socket, and a place is used again once it is released.
func TestPlacesComeBack(t *testing.T) {
	s, r := pair(t, tiny)
	defer r.Drop()
	defer s.Drop()
	a := s.Arena().(*arena)
	var held []*allreduce.Frame
	for i := range 5 {
		f := s.Get(allreduce.HeaderSize + 100)
		if inside := a.frames[f.Place()%2] == f; inside != (i < 2) {
			t.Errorf("frame %d lies in the arena: %v", i, inside)
		}
		for j := range f.Payload() {
			f.Payload()[j] = byte(i)
		}
		send(t, s, f, 100)
		held = append(held, recv(t, r))
	}
	for i, f := range held {
		if !bytes.Equal(f.Payload(), bytes.Repeat([]byte{byte(i)}, 100)) {
			t.Errorf("frame %d is %v", i, f.Payload())
		}
		f.Release()
	}
	if f := s.Get(allreduce.HeaderSize + 100); a.frames[f.Place()%2] != f {
		t.Error("no place has come back")
	} else {
		f.Release()
	}
}

// TestSettle refers to memory, and waits until it has been read.
func TestSettle(t *testing.T) {
	s, r := pair(t, tiny)
	defer r.Drop()
	defer s.Drop()
	go s.Hear()
	a := s.Arena().(*arena)
	p := a.Alloc(8)
	for i := range p {
		p[i] = float32(i)
	}
	if a.Refer(make([]float32, 8)) != nil {
		t.Error("a reference to memory that is not shared")
	}
	send(t, s, a.Refer(p), 32)
	f := recv(t, r)
	if a.settled() {
		t.Error("settled while the receiver reads")
	}
	done := make(chan error)
	go func() { done <- a.Settle(t.Context(), nil) }()
	for a.memory.word(waitsWord).Load() == 0 { // it is about to sleep; a word in memory has no event to wait for
		time.Sleep(time.Millisecond)
	}
	f.Release()
	if err := <-done; err != nil {
		t.Error(err)
	}
	send(t, s, a.Refer(p), 32)
	ctx, cancel := context.WithCancelCause(t.Context())
	enough := errors.New("enough")
	cancel(enough)
	if err := a.Settle(ctx, nil); err != enough {
		t.Errorf("%v, want the cause", err)
	}
	r.Drop() // the receiver ends: nobody reads any more
	if err := a.Settle(t.Context(), nil); err != nil {
		t.Error(err)
	}
}

// TestMemoryOutlivesTheLink uses what the link gave when it is closed.
func TestMemoryOutlivesTheLink(t *testing.T) {
	s, r := pair(t, tiny)
	p := s.Arena().(*arena).Alloc(64)
	own := s.Get(allreduce.HeaderSize + 10)
	send(t, s, s.Get(allreduce.HeaderSize+10), 10)
	theirs := recv(t, r)
	s.Drop()
	r.Drop()
	own.Payload()[0] = 1
	_ = theirs.Payload()[0]
	p[63] = 1
	own.Release()
	theirs.Release()
	p[0] = p[63]
	if p[0] != 0 && p[0] != 1 {
		t.Error("neither kept nor cleared")
	}
}

// TestHostileSender has a sender say what is not so. The receiver reads nothing
// outside the arena, and nothing twice.
func TestHostileSender(t *testing.T) {
	size := tiny.withDefaults()
	for name, c := range map[string]struct {
		mark uint64
		n    int
	}{
		"ticket":            {mark(size.tickets(), line), 8},
		"control words":     {mark(0, 0), 8},
		"behind the end":    {mark(0, size.total()), 8},
		"across the end":    {mark(1, size.total()-4), 8},
		"no float":          {mark(1, line+2), 8},
		"everything at max": {^uint64(0) - 1, allreduce.MaxPayload},
		"in use":            {mark(3, line), 8},
	} {
		v, err := newViewOf(t, size)
		if err != nil {
			t.Fatal(err)
		}
		if f, err := v.Show(mark(3, line), make([]byte, allreduce.HeaderSize), 8); err != nil {
			t.Fatal(err)
		} else if _, err := v.Show(c.mark, make([]byte, allreduce.HeaderSize), c.n); !errors.Is(err, allreduce.ErrFrame) {
			t.Errorf("%s: %v, want ErrFrame", name, err)
		} else {
			f.Release()
		}
		v.Close()
	}
}

// newViewOf returns the view of a fresh arena.
func newViewOf(t *testing.T, size Size) (*view, error) {
	a, files, err := newArena(size)
	if err != nil {
		t.Fatal(err)
	}
	defer closeAll(files[:])
	t.Cleanup(a.Close)
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: "@ballast-test-" + t.Name(), Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	raw, err := l.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	return newView(size, files, raw)
}

// TestMemoryMustBeSealed offers memory that its owner could shrink, which would
// kill the reader, or that is too small.
func TestMemoryMustBeSealed(t *testing.T) {
	fd, err := unix.MemfdCreate("loose", unix.MFD_CLOEXEC|unix.MFD_ALLOW_SEALING)
	if err != nil {
		t.Fatal(err)
	}
	f := os.NewFile(uintptr(fd), "loose")
	defer f.Close()
	if err := f.Truncate(1 << 16); err != nil {
		t.Fatal(err)
	}
	if _, err := mapSealed(f, 1<<16, false); err == nil {
		t.Error("memory that can shrink is taken")
	}
	if _, err := unix.FcntlInt(uintptr(fd), unix.F_ADD_SEALS, sizeSeals); err != nil {
		t.Fatal(err)
	}
	if _, err := mapSealed(f, 1<<17, false); err == nil {
		t.Error("memory that is too small is taken")
	}
	m, err := mapSealed(f, 1<<16, false)
	if err != nil {
		t.Fatal(err)
	}
	m.release()
}

// TestArenaIsTheSendersAlone: the receiver cannot get a mapping to write in.
func TestArenaIsTheSendersAlone(t *testing.T) {
	a, files, err := newArena(tiny.withDefaults())
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	defer closeAll(files[:])
	if m, err := mapSealed(files[0], tiny.withDefaults().total(), true); err == nil {
		m.release()
		t.Error("the arena can be mapped for writing")
	}
}

// TestStrangersAtTheDoor come with another nonce, with garbage, or without
// memory. They are turned away, and the sender that belongs is let in.
func TestStrangersAtTheDoor(t *testing.T) {
	d, err := Open()
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	nonce := Nonce{9}
	other, err := Dial(t.Context(), d.Name(), Nonce{8}, tiny)
	if err != nil {
		t.Fatal(err)
	}
	defer other.Drop()
	for _, says := range [][]byte{[]byte("GET / HTTP/1.1\r\n\r\n"), tiny.withDefaults().introduce(nonce)} {
		c, err := net.Dial("unix", d.Name())
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		if _, err := c.Write(says); err != nil {
			t.Fatal(err)
		}
	}
	s, err := Dial(t.Context(), d.Name(), nonce, tiny)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Drop()
	r, err := d.Accept(nonce, time.Now().Add(5*time.Second))
	if err != nil {
		t.Fatal(err)
	}
	defer r.Drop()
	send(t, s, s.Get(allreduce.HeaderSize+10), 10)
	recv(t, r).Release()
	if _, err := d.Accept(nonce, time.Now().Add(time.Millisecond)); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("nobody comes: %v, want a deadline", err)
	}
}

// TestOtherUser: memory is shared with processes of this user only.
func TestOtherUser(t *testing.T) {
	if err := allow(uint32(os.Geteuid())); err != nil {
		t.Error(err)
	}
	if err := allow(uint32(os.Geteuid()) + 1); err == nil {
		t.Error("another user is allowed")
	}
}

// FuzzIntroduction checks that what is accepted describes an arena that can be.
func FuzzIntroduction(f *testing.F) {
	f.Add(Size{}.withDefaults().introduce(Nonce{5}))
	f.Add([]byte{})
	f.Add(bytes.Repeat([]byte{255}, introduction))
	f.Fuzz(func(t *testing.T, b []byte) {
		nonce, s, err := parseIntroduction(b)
		if err != nil {
			return
		}
		if s.total() < 0 || uint64(s.total()) >= 1<<offsetBits {
			t.Fatalf("%+v takes %d bytes", s, s.total())
		}
		if !bytes.Equal(s.introduce(nonce), b) {
			t.Fatal("decoding loses something")
		}
	})
}

// FuzzLocate checks that no mark leads outside.
func FuzzLocate(f *testing.F) {
	f.Add(mark(1, line), uint32(10))
	f.Add(^uint64(0), uint32(allreduce.MaxPayload))
	f.Fuzz(func(t *testing.T, m uint64, n uint32) {
		s := tiny.withDefaults()
		ticket, at, ok := s.locate(m, int(n))
		if ok && (ticket < 0 || ticket >= s.tickets() || at < line || at+int(n) > s.total()) {
			t.Fatalf("%#x, %d bytes: ticket %d at %d of %d", m, n, ticket, at, s.total())
		}
	})
}
