package jobkey

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"testing"
	"time"
)

// pair returns the two ends of a loopback connection.
func pair(t testing.TB) (client, server net.Conn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if client, err = net.Dial("tcp", l.Addr().String()); err != nil {
		t.Fatal(err)
	}
	if server, err = l.Accept(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close(); server.Close() })
	deadline := time.Now().Add(10 * time.Second)
	if err := errors.Join(client.SetDeadline(deadline), server.SetDeadline(deadline)); err != nil {
		t.Fatal(err)
	}
	return client, server
}

// serveLocal is the server's side: it shakes hands and speaks one of the
// protocols.
func serveLocal(c net.Conn, config *tls.Config, protocols ...string) (net.Conn, error) {
	config = config.Clone()
	config.NextProtos = protocols
	t := tls.Server(c, config)
	if err := t.Handshake(); err != nil {
		return nil, err
	}
	if t.ConnectionState().NegotiatedProtocol == Local {
		return c, GoAhead(c)
	}
	return t, nil
}

func TestLocalGoesOnInPlain(t *testing.T) {
	for _, c := range []struct {
		protocols []string
		plain     bool
	}{{[]string{Local, "h2"}, true}, {[]string{"h2"}, false}} {
		client, server := pair(t)
		if !IsLocal(client) || !IsLocal(server) {
			t.Fatalf("%v to %v is not local", client.LocalAddr(), client.RemoteAddr())
		}
		config := of(t, "secret", time.Now)
		said := make(chan error, 1)
		go func() {
			s, err := serveLocal(server, config, c.protocols...)
			if err == nil {
				_, err = s.Write([]byte("hello")) // at once, as HTTP/2 does
			}
			if err == nil && (s == server) != c.plain {
				err = errors.New("the server speaks otherwise")
			}
			said <- err
		}()
		p, err := ClientLocal(t.Context(), client, config, Local, "h2")
		if err != nil {
			t.Fatal(err)
		}
		if (p == client) != c.plain {
			t.Errorf("%v: plain: %v", c.protocols, p == client)
		}
		got := make([]byte, 5)
		if _, err := io.ReadFull(p, got); err != nil || string(got) != "hello" {
			t.Errorf("%v: got %q, %v", c.protocols, got, err)
		}
		if err := <-said; err != nil {
			t.Errorf("%v: %v", c.protocols, err)
		}
	}
}

// To be local is no excuse: strangers learn so before the first plain byte.
func TestLocalWantsTheSecretToo(t *testing.T) {
	ours := of(t, "secret", time.Now)
	nobody := ours.Clone()
	nobody.GetClientCertificate = nil
	for name, stranger := range map[string]*tls.Config{
		"another secret": of(t, "other", time.Now), "a self-made authority": selfMade(t, "secret"), "no certificate": nobody,
	} {
		client, server := pair(t)
		served := make(chan error, 1)
		go func() {
			_, err := serveLocal(server, ours, Local, "h2")
			served <- err
			server.Close()
		}()
		if _, err := ClientLocal(t.Context(), client, stranger, Local, "h2"); err == nil {
			t.Errorf("%s: let in", name)
		}
		client.Close()
		if err := <-served; err == nil {
			t.Errorf("%s: the server let it in", name)
		}
	}
}

// A server that never gives the word does not hold its client for ever.
func TestWaitForTheWordEnds(t *testing.T) {
	client, server := pair(t)
	config := of(t, "secret", time.Now)
	ctx, cancel := context.WithCancelCause(t.Context())
	enough := errors.New("enough")
	go func() {
		s := config.Clone()
		s.NextProtos = []string{Local}
		_ = tls.Server(server, s).Handshake()
		cancel(enough)
	}()
	if _, err := ClientLocal(ctx, client, config, Local, "h2"); !errors.Is(err, enough) {
		t.Errorf("got %v", err)
	}
}

func TestIsLocal(t *testing.T) {
	if c, _ := net.Pipe(); IsLocal(c) {
		t.Error("a pipe is no loopback connection")
	}
	for _, c := range []struct {
		local, remote string
		want          bool
	}{
		{"127.0.0.1:1", "127.0.0.1:2", true}, {"127.0.0.1:1", "127.0.1.1:2", true}, {"[::1]:1", "[::1]:2", true},
		{"10.0.0.1:1", "127.0.0.1:2", false}, {"127.0.0.1:1", "10.0.0.1:2", false}, {"10.0.0.1:1", "10.0.0.1:2", false},
	} {
		local, err := net.ResolveTCPAddr("tcp", c.local)
		if err != nil {
			t.Fatal(err)
		}
		remote, err := net.ResolveTCPAddr("tcp", c.remote)
		if err != nil {
			t.Fatal(err)
		}
		if got := IsLocal(ends{local: local, remote: remote}); got != c.want {
			t.Errorf("%s to %s: %v", c.local, c.remote, got)
		}
	}
}

// ends is a connection of which only the addresses matter.
type ends struct {
	net.Conn
	local, remote net.Addr
}

func (e ends) LocalAddr() net.Addr  { return e.local }
func (e ends) RemoteAddr() net.Addr { return e.remote }
