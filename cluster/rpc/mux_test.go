package rpc

import (
	"bytes"
	"errors"
	"io"
	"net"
	"testing"
	"time"
)

// script is a connection on which the peer says what it says and hangs up.
type script struct {
	net.Conn // nil: nothing else may be asked of it
	in       *bytes.Reader
	out      bytes.Buffer
}

func (c *script) Read(b []byte) (int, error)       { return c.in.Read(b) }
func (c *script) Write(b []byte) (int, error)      { return c.out.Write(b) }
func (c *script) Close() error                     { return nil }
func (c *script) SetDeadline(time.Time) error      { return nil }
func (c *script) LocalAddr() net.Addr              { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 1} }
func (c *script) RemoteAddr() net.Addr             { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 2} }
func (c *script) SetReadDeadline(time.Time) error  { return nil }
func (c *script) SetWriteDeadline(time.Time) error { return nil }

// FuzzIdentify gives a secured and a plain node any bytes first. Nothing gets
// into a secured one; into a plain one, with nothing missing, what looks like
// gRPC or gossip.
func FuzzIdentify(f *testing.F) {
	f.Add([]byte{})
	f.Add([]byte("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"))
	f.Add([]byte{244, 1, 'r', 10})
	f.Add([]byte("GET / HTTP/1.1\r\n\r\n"))
	f.Add(record(f, secured(f, "secret")))
	f.Add(denial[:])
	nodes := map[bool]*Server{}
	for _, secret := range []string{"secret", ""} {
		s := listen(f, TLS(secured(f, secret)), PlainLoopback(true))
		nodes[secret != ""] = s
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		for secure, s := range nodes {
			c := &script{in: bytes.NewReader(b)}
			to, known, err := s.identify(c)
			if err != nil {
				if r, ok := errors.AsType[refusal](err); ok && r.why == "" {
					t.Errorf("refused for no reason: %v", err)
				}
				continue
			}
			all, err := io.ReadAll(known)
			looks := to == &s.calls && b[0] == 'P' || to == &s.streams && isGossip(b[0])
			if secure || !looks || err != nil || !bytes.Equal(all, b) {
				t.Errorf("secure %v: %q got in as %q, %v", secure, b, all, err)
			}
		}
	})
}
