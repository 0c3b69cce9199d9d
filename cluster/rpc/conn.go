package rpc

import (
	"errors"
	"net"
	"sync"
)

// peeked is a connection whose first byte has been read already.
type peeked struct {
	net.Conn
	first []byte
}

// Read returns the first byte, then the rest.
func (p *peeked) Read(b []byte) (int, error) {
	if len(p.first) > 0 && len(b) > 0 {
		n := copy(b, p.first)
		p.first = p.first[n:]
		return n, nil
	}
	return p.Conn.Read(b)
}

// maxStream is the most that a gossip stream may carry, in bytes: several
// times what the largest ring allowed has to say of its members. memberlist
// itself would gather 20 MiB before it looks at a message.
const maxStream = 4 << 20

var errTooLong = errors.New("rpc: gossip stream of more than 4 MiB")

// held is a connection that takes one of a number of places until it is
// closed.
type held struct {
	net.Conn
	limited bool
	left    int // bytes that may still be read, if limited
	once    sync.Once
	release func()
}

// Read reads no more than allowed.
func (h *held) Read(b []byte) (int, error) {
	if !h.limited {
		return h.Conn.Read(b)
	}
	if h.left == 0 {
		return 0, errTooLong
	}
	n, err := h.Conn.Read(b[:min(len(b), h.left)])
	h.left -= n
	return n, err
}

// Close gives the place to somebody else.
func (h *held) Close() error {
	h.once.Do(h.release)
	return h.Conn.Close()
}
