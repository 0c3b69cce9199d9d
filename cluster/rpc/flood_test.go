package rpc

import (
	"bytes"
	"net"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/ballast-ml/ballast/cluster"
)

// flood opens n connections to s, each of which says the same and stays, and
// calls during after each tenth of them.
func flood(t testing.TB, s *Server, n int, says []byte, during func()) {
	t.Helper()
	conns := make([]net.Conn, 0, n)
	t.Cleanup(func() {
		for _, c := range conns {
			c.Close()
		}
	})
	for i := range n {
		c, err := net.Dial("tcp", s.Addr())
		if err != nil {
			t.Fatal(err)
		}
		conns = append(conns, c)
		c.Write(says) // may be cut off already
		if (i+1)%(n/10) == 0 {
			during()
		}
	}
}

// A thousand connections of strangers do not slow down a run: those that are
// there talk on, others can join, and what the flood holds is bounded.
func TestFloodLeavesTheRunUnharmed(t *testing.T) {
	hello := record(t, secured(t, "one secret"))
	for _, c := range []struct {
		name        string
		connections int
		says        []byte
	}{
		{"silent", 1000, nil},
		{"plain", 1000, []byte("PRI * HTTP/2.0\r\n\r\n")},
		{"half a TLS hello", 300, hello[:100]},
		{"a TLS hello", 300, hello}, // which costs a key exchange
	} {
		t.Run(c.name, func(t *testing.T) {
			s, first, _, done := seed(t, "one secret")
			friend := listen(t, TLS(secured(t, "one secret")))
			ask := func(c *Server) time.Duration { // any answer shows that the way is free
				begun := time.Now()
				if _, err := c.Call(soon(t), s.Addr(), nil); err == nil || !strings.Contains(err.Error(), "not an envelope") {
					t.Errorf("asked amid the flood: %v", err)
				}
				return time.Since(begun)
			}
			ask(friend)
			before, most := runtime.NumGoroutine(), 0
			var worst time.Duration
			flood(t, s, c.connections, c.says, func() {
				worst = max(worst, ask(friend))
				most = max(most, runtime.NumGoroutine()-before)
			})
			newcomer := listen(t, TLS(secured(t, "one secret")))
			late := ask(newcomer)
			t.Logf("%d more goroutines at most; answers within %v; a newcomer's within %v", most, worst, late)
			if most > usual.crowd+50 {
				t.Errorf("%d connections take %d goroutines, want at most %d", c.connections, most, usual.crowd+50)
			}
			if worst > 2*time.Second {
				t.Errorf("answers within %v", worst)
			}
			if _, err := join(t, 1, s.Addr(), "one secret", func(*cluster.Config) {}); err != nil {
				t.Errorf("joining: %v", err)
			}
			if r, err := first.Await(soon(t), 0); err != nil || len(r.Members) != 2 {
				t.Errorf("the ring: %v, %v", r, err)
			}
			done()
		})
	}
}

// Where there is no secret, anybody may speak, but only so many at once.
func TestFloodOfAPlainNodeIsBounded(t *testing.T) {
	const most = 20
	s := serve(t, listen(t, func(o *options) { o.limits.calls = most }), echo)
	friend := listen(t)
	if _, err := friend.Call(soon(t), s.Addr(), nil); err != nil {
		t.Fatal(err)
	}
	before := runtime.NumGoroutine()
	flood(t, s, 200, []byte("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00"), func() {
		if _, err := friend.Call(soon(t), s.Addr(), nil); err != nil {
			t.Error(err)
		}
	})
	if more := runtime.NumGoroutine() - before; more > usual.crowd+10*most {
		t.Errorf("%d more goroutines", more)
	}
	for s.Refused()[string(tooMany)] < 200-most { // the last are still on their way
		runtime.Gosched()
	}
}

// Every refusal is counted, few are logged.
func TestFloodDoesNotFillTheLog(t *testing.T) {
	var log bytes.Buffer
	r := newRefused(zerolog.New(zerolog.SyncWriter(&log)))
	var all sync.WaitGroup
	for range 10 {
		all.Go(func() {
			for range 100 {
				r.add("10.0.0.9:1", refusal{otherSecret, nil})
				r.add("10.0.0.9:1", refusal{notANode, nil})
				r.add("10.0.0.9:1", errClosed)
			}
		})
	}
	all.Wait()
	lines := strings.Count(log.String(), "\n")
	if lines != 2 || !strings.Contains(log.String(), "10.0.0.9") {
		t.Errorf("%d lines, want one for each reason:\n%s", lines, &log)
	}
	if r.mu.count[string(otherSecret)] != 1000 || r.mu.count[string(notANode)] != 1000 || len(r.mu.count) != 2 {
		t.Errorf("counted %v", r.mu.count)
	}
	if unlogged, ok := r.due(string(otherSecret), time.Now().Add(logEvery)); !ok || unlogged != 999 {
		t.Errorf("later: %d, %v", unlogged, ok)
	}
	r.close()
	if !strings.Contains(log.String(), `"unlogged":999,"message":"refused connections"`) {
		t.Errorf("the end does not tell of the rest:\n%s", &log)
	}
}
