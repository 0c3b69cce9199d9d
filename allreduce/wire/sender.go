package wire

import (
	"net"
	"syscall"

	"github.com/ballast-ml/ballast/allreduce"
)

// The marks in front of a header that do not point into an arena.
const (
	inline = 0
	end    = ^uint64(0)
)

// Arena is memory of the sender that the receiver reads.
type Arena interface {
	// Get returns a frame in the arena or, if that is full or n is not worth
	// it, elsewhere.
	Get(n int) *allreduce.Frame
	// Lend returns where in the arena the receiver will find the payload of f,
	// as a mark that is neither 0 nor 2⁶⁴-1. It reports false if that lies
	// elsewhere. The arena owns f then, and has it back when the receiver has
	// released it.
	Lend(f *allreduce.Frame) (mark uint64, ok bool)
	// Ring tells a Lender that waits for the receiver to look again.
	Ring()
	// Gone tells it that the receiver reads nothing any more.
	Gone()
	// Close lets go of the arena. Frames in use stay readable until they are
	// released.
	Close()
}

// Sender writes the frames of one edge to a connection. One goroutine at a time
// may use it, but for Close.
type Sender struct {
	conn  net.Conn
	raw   syscall.RawConn // nil: writes always wait
	arena Arena           // nil: payloads follow their headers
	pool  allreduce.Pool

	rest  []byte           // what Try could not write
	owner *allreduce.Frame // released once rest is written

	attempt func(fd uintptr) bool // made once, so that Try allocates nothing
	wrote   int
	failed  error
}

// NewSender returns a sender on conn, which it owns; arena may be nil.
func NewSender(conn net.Conn, arena Arena) *Sender {
	s := &Sender{conn: conn, arena: arena}
	if c, ok := conn.(syscall.Conn); ok && nonblocking {
		s.raw, _ = c.SyscallConn()
	}
	s.attempt = s.write
	return s
}

// Get returns a frame to be sent, in the arena if there is one.
func (s *Sender) Get(n int) *allreduce.Frame {
	if s.arena != nil {
		return s.arena.Get(n)
	}
	return s.pool.Get(n)
}

// Try takes f and writes as much of it as can be written without waiting. If
// that is not all, or cannot be done at all, it reports false and Flush does
// the rest; until then nothing else may be sent.
func (s *Sender) Try(f *allreduce.Frame) (done bool, err error) {
	s.take(f)
	if s.raw == nil {
		return false, nil
	}
	s.wrote, s.failed = 0, nil
	if err := s.raw.Write(s.attempt); err != nil {
		s.drop()
		return true, err
	}
	s.rest = s.rest[s.wrote:]
	if len(s.rest) > 0 && s.failed == nil {
		return false, nil
	}
	s.drop()
	return true, s.failed
}

// write is one attempt to write rest; it never waits.
func (s *Sender) write(fd uintptr) bool {
	for s.wrote < len(s.rest) {
		n, err := writeNow(fd, s.rest[s.wrote:])
		s.wrote += max(n, 0)
		if err != nil || n <= 0 {
			s.failed = err
			break
		}
	}
	return true
}

// take makes f what is to be written.
func (s *Sender) take(f *allreduce.Frame) {
	if s.arena != nil {
		if mark, ok := s.arena.Lend(f); ok {
			s.rest, s.owner = f.Marked(mark)[:descriptor], nil
			return
		}
	}
	s.rest, s.owner = f.Marked(inline), f
}

// drop ends the sending of a frame.
func (s *Sender) drop() {
	if s.owner != nil {
		s.owner.Release()
	}
	s.rest, s.owner = nil, nil
}

// Flush writes what Try has left, and waits as long as that takes.
func (s *Sender) Flush() error {
	_, err := s.conn.Write(s.rest)
	s.drop()
	return err
}

// Send takes f and writes it, however long that takes.
func (s *Sender) Send(f *allreduce.Frame) error {
	s.take(f)
	return s.Flush()
}

// Hear passes on what the receiver says until the connection ends. It may run
// beside everything else.
func (s *Sender) Hear() {
	var bell [64]byte
	for s.arena != nil {
		if _, err := s.conn.Read(bell[:]); err != nil {
			s.arena.Gone()
			return
		}
		s.arena.Ring()
	}
}

// Arena returns what NewSender was given.
func (s *Sender) Arena() Arena { return s.arena }

// End says that no more frames come.
func (s *Sender) End() error {
	var last [descriptor]byte
	for i := range 8 {
		last[i] = 0xff
	}
	_, err := s.conn.Write(last[:])
	return err
}

// Close ends the connection; calls under way return. Closing again does
// nothing.
func (s *Sender) Close() { _ = s.conn.Close() }

// Drop is Close when nothing uses the sender any more: the arena goes with the
// last frame in it that is released.
func (s *Sender) Drop() {
	s.Close()
	if s.arena != nil {
		s.arena.Close()
	}
}
