package rpc

import (
	"bytes"
	"crypto/tls"
	"io"
	"net"
	"testing"

	"github.com/ballast-ml/ballast/internal/jobkey"
)

// TestBeside has connections of another kind come to the port: to a plain node
// and, with TLS, to a secured one, encrypted or only proved. In plain they do
// not get into a secured one.
func TestBeside(t *testing.T) {
	for name, c := range map[string]struct {
		secret   string
		protocol string // "" is no TLS
		plain    bool   // goes on in plain
		refused  bool
	}{
		"plain":           {},
		"encrypted":       {secret: "secret", protocol: jobkey.Ring},
		"proved":          {secret: "secret", protocol: jobkey.LocalRing, plain: true},
		"plain, unwanted": {secret: "secret", refused: true},
	} {
		s := listen(t, TLS(secured(t, c.secret)), PlainLoopback(true))
		heard := make(chan []byte, 1)
		s.Beside(0xb1, jobkey.Ring, jobkey.LocalRing, func(c net.Conn) {
			defer c.Close()
			b, _ := io.ReadAll(c)
			heard <- b
		})
		serve(t, s, echo)
		conn := knock(t, s)
		to := net.Conn(conn)
		if c.protocol != "" {
			config := secured(t, c.secret).Clone()
			config.NextProtos = []string{c.protocol}
			secure := tls.Client(conn, config)
			if err := secure.Handshake(); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if to = secure; c.plain {
				to = conn
				if _, err := io.ReadFull(conn, make([]byte, 1)); err != nil { // the go-ahead
					t.Fatalf("%s: %v", name, err)
				}
			}
		}
		says := []byte{0xb1, 1, 2, 3}
		if _, err := to.Write(says); err != nil && !c.refused {
			t.Fatalf("%s: %v", name, err)
		}
		if c.refused {
			_, _ = io.Copy(io.Discard, conn) // until it is closed
			if err := s.Close(); err != nil || len(heard) > 0 {
				t.Errorf("%s: got in (%v)", name, err)
			}
			continue
		}
		to.Close()
		if got := <-heard; !bytes.Equal(got, says) {
			t.Errorf("%s: heard %v, want %v", name, got, says)
		}
	}
}
