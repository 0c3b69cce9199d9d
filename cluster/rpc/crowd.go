package rpc

import (
	"net"
	"slices"
	"sync"
	"time"
)

// crowd is the connections that have not shown yet that they belong here. When
// it is full, newcomers push out those who have been in it for longest, so
// that silent connections cannot keep others from getting in; and since the
// host with most connections loses one, a flood from one host pushes out its
// own.
type crowd struct {
	mu struct {
		sync.Mutex
		closed    bool
		strangers []stranger // oldest first
	}
}

type stranger struct {
	conn  net.Conn
	host  string
	since time.Time
}

// enter adds c. It reports false if the crowd is closed.
func (w *crowd) enter(c net.Conn, now time.Time) bool {
	host, _, err := net.SplitHostPort(c.RemoteAddr().String())
	if err != nil {
		host = c.RemoteAddr().String()
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.mu.closed {
		return false
	}
	w.mu.strangers = append(w.mu.strangers, stranger{c, host, now})
	return true
}

// leave removes c. The error says that c was pushed out, or the crowd closed.
func (w *crowd) leave(c net.Conn) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	i := slices.IndexFunc(w.mu.strangers, func(s stranger) bool { return s.conn == c })
	switch {
	case i >= 0:
		w.mu.strangers = slices.Delete(w.mu.strangers, i, i+1)
		return nil
	case w.mu.closed:
		return errClosed
	default:
		return refusal{crowdedOut, nil}
	}
}

// push closes the connection to be pushed out next, if it has had the least
// stay: time enough for everybody who knows what to say. It returns when it is
// worth trying again, should nobody leave before.
func (w *crowd) push(now time.Time, least time.Duration) time.Duration {
	w.mu.Lock()
	defer w.mu.Unlock()
	i := w.next()
	if i < 0 {
		return least
	}
	s := w.mu.strangers[i]
	if stayed := now.Sub(s.since); stayed < least {
		return least - stayed
	}
	w.mu.strangers = slices.Delete(w.mu.strangers, i, i+1)
	_ = s.conn.Close() // its goroutine gets the error
	return least
}

// next returns the index of the oldest connection of the host that has most;
// -1 if there is none.
func (w *crowd) next() int {
	count := make(map[string]int)
	for _, s := range w.mu.strangers {
		count[s.host]++
	}
	next := -1
	for i, s := range w.mu.strangers {
		if next < 0 || count[s.host] > count[w.mu.strangers[next].host] {
			next = i
		}
	}
	return next
}

// len returns the number of connections in the crowd.
func (w *crowd) len() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.mu.strangers)
}

// close closes all connections of the crowd, for ever.
func (w *crowd) close() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.mu.closed = true
	for _, s := range w.mu.strangers {
		_ = s.conn.Close()
	}
	w.mu.strangers = nil
}
