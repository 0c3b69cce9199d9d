package rpc

import (
	"bytes"
	"context"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"testing"
)

// recorder is a proxy in front of a server that keeps what clients send.
type recorder struct {
	net.Listener
	mu   sync.Mutex
	kept bytes.Buffer
	wg   sync.WaitGroup
}

func tape(t testing.TB, to string) *recorder {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r := &recorder{Listener: l}
	r.wg.Go(func() {
		client, err := l.Accept()
		if err != nil {
			return
		}
		server, err := net.Dial("tcp", to)
		if err != nil {
			client.Close()
			return
		}
		r.wg.Go(func() {
			io.Copy(client, server)
			client.Close()
		})
		io.Copy(io.MultiWriter(server, r), client)
		server.Close()
	})
	return r
}

// Write keeps b.
func (r *recorder) Write(b []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.kept.Write(b)
}

// A recorded connection says nothing when it is played again: the keys of each
// are fresh.
func TestReplayedConnectionIsRefused(t *testing.T) {
	var heard atomic.Int32
	s := serve(t, listen(t, TLS(secured(t, "secret")), short), func(_ context.Context, _ string, req []byte) ([]byte, error) {
		heard.Add(1)
		return req, nil
	})
	r := tape(t, s.Addr())
	c, err := Listen(t.Context(), "127.0.0.1:0", TLS(secured(t, "secret")))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Call(soon(t), r.Addr().String(), []byte("a proposal")); err != nil {
		t.Fatal(err)
	}
	c.Close()
	r.Close()
	r.wg.Wait()
	if bytes.Contains(r.kept.Bytes(), []byte("a proposal")) || heard.Load() != 1 {
		t.Errorf("%d messages heard; in plain on the wire: %v", heard.Load(), bytes.Contains(r.kept.Bytes(), []byte("a proposal")))
	}
	for range 3 {
		conn := knock(t, s)
		if _, err := conn.Write(r.kept.Bytes()); err != nil {
			t.Fatal(err)
		}
		ended(t, conn)
	}
	works(t, s, "secret") // one more message
	if heard.Load() != 2 || s.Refused()[string(noHandshake)] != 3 {
		t.Errorf("%d messages heard, refused %v", heard.Load(), s.Refused())
	}
}
