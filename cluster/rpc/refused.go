package rpc

import (
	"errors"
	"io"
	"maps"
	"net"
	"os"
	"sync"
	"syscall"
	"time"

	"github.com/rs/zerolog"
)

// logEvery is how often a refusal for one and the same reason is logged. All
// are counted; a flood must not fill a disk.
const logEvery = 10 * time.Second

// refused counts refused connections by reason.
type refused struct {
	log zerolog.Logger
	mu  struct {
		sync.Mutex
		count    map[string]uint64
		unlogged map[string]uint64 // since the last line
		next     map[string]time.Time
	}
}

func newRefused(log zerolog.Logger) *refused {
	r := &refused{log: log}
	r.mu.count, r.mu.unlogged, r.mu.next = make(map[string]uint64), make(map[string]uint64), make(map[string]time.Time)
	return r
}

// add counts the connection from peer that ended with err. One that was merely
// closed, by either side, is nobody's offence.
func (r *refused) add(peer string, err error) {
	why, ok := errors.AsType[refusal](err)
	switch {
	case ok:
	case errors.Is(err, os.ErrDeadlineExceeded):
		why = refusal{tooSlow, err}
	case errors.Is(err, io.EOF), errors.Is(err, syscall.ECONNRESET), errors.Is(err, net.ErrClosed), errors.Is(err, errClosed):
		return
	default:
		why = refusal{noHandshake, err}
	}
	if unlogged, ok := r.due(string(why.why), time.Now()); ok {
		r.log.Warn().Str("peer", peer).Str("reason", string(why.why)).AnErr("detail", why.err).Uint64("unlogged", unlogged).Msg("refused a connection")
	}
}

// due counts a refusal. It reports whether to log it, and how many were not
// logged before.
func (r *refused) due(why string, now time.Time) (unlogged uint64, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.mu.count[why]++
	if now.Before(r.mu.next[why]) {
		r.mu.unlogged[why]++
		return 0, false
	}
	unlogged = r.mu.unlogged[why]
	delete(r.mu.unlogged, why)
	r.mu.next[why] = now.Add(logEvery)
	return unlogged, true
}

// close logs what has not been logged.
func (r *refused) close() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for why, n := range r.mu.unlogged {
		r.log.Warn().Str("reason", why).Uint64("unlogged", n).Msg("refused connections")
	}
	clear(r.mu.unlogged)
}

// Refused returns how many connections the server has refused, by reason.
func (s *Server) Refused() map[string]uint64 {
	s.refused.mu.Lock()
	defer s.refused.mu.Unlock()
	return maps.Clone(s.refused.mu.count)
}
