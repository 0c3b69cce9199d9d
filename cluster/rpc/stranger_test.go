package rpc

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"io"
	"math/big"
	mathrand "math/rand/v2"
	"net"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/ballast-ml/ballast/internal/jobkey"
)

// short are limits for tests that wait for them.
func short(o *options) { o.limits.patience, o.limits.stay = 200*time.Millisecond, time.Millisecond }

// knock dials s.
func knock(t testing.TB, s *Server) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", s.Addr())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	if err := c.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	return c
}

// ended waits until s has closed c, and returns what it said before.
func ended(t testing.TB, c net.Conn) []byte {
	t.Helper()
	said, err := io.ReadAll(c)
	if errors.Is(err, errTimeout{}) {
		t.Errorf("still open: %v", err)
	}
	return said
}

// errTimeout matches any timeout.
type errTimeout struct{}

func (errTimeout) Error() string { return "timeout" }
func (errTimeout) Is(err error) bool {
	n, ok := err.(net.Error)
	return ok && n.Timeout()
}

// works checks that a node that belongs is still served.
func works(t testing.TB, s *Server, secret string) {
	t.Helper()
	if got, err := listen(t, TLS(secured(t, secret))).Call(soon(t), s.Addr(), []byte("hi")); err != nil || string(got) != "hi" {
		t.Errorf("one who belongs: %q, %v", got, err)
	}
}

// selfMade is a certificate that says what a node's says, signed by itself.
func selfMade(t testing.TB) tls.Certificate {
	t.Helper()
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "ballast job"}, DNSNames: []string{jobkey.Name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, public, private)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: private}
}

func TestStrangersOverTLS(t *testing.T) {
	nobody := secured(t, "secret")
	nobody.GetClientCertificate = nil
	forger := &tls.Config{InsecureSkipVerify: true, ServerName: jobkey.Name, Certificates: []tls.Certificate{selfMade(t)}}
	late := at(t, "secret", -72*time.Hour)
	late.Time = time.Now
	other := secured(t, "other")
	other.InsecureSkipVerify = true // does not mind our certificate
	web := secured(t, "secret")
	for _, c := range []struct {
		name     string
		config   *tls.Config
		protocol string
		reason   reason
	}{
		{"no certificate", nobody, "h2", noHandshake},
		{"a self-made authority", forger, "h2", otherSecret},
		{"another secret", other, "h2", otherSecret},
		{"another secret for gossip", other, gossipProtocol, otherSecret},
		{"an expired certificate", late, "h2", wrongClock},
		{"another protocol", web, "spdy/3", noHandshake},
		{"no protocol", web, "", notANode},
	} {
		s := serve(t, listen(t, TLS(secured(t, "secret"))), echo)
		config := c.config.Clone()
		if c.protocol != "" {
			config.NextProtos = []string{c.protocol}
		}
		conn := tls.Client(knock(t, s), config)
		_, err := conn.Write([]byte("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"))
		if err == nil {
			_, err = conn.Read(make([]byte, 1))
		}
		if err == nil || errors.Is(err, errTimeout{}) {
			t.Errorf("%s: got an answer: %v", c.name, err)
		}
		works(t, s, "secret")
		// The stranger may know before the server has counted.
		refused := s.Refused()
		for tick, limit := time.Tick(time.Millisecond), time.After(5*time.Second); len(refused) == 0; refused = s.Refused() {
			select {
			case <-tick:
			case <-limit:
				t.Fatalf("%s: nothing was refused", c.name)
			}
		}
		if refused[string(c.reason)] != 1 || len(refused) != 1 {
			t.Errorf("%s: refused %v, want one for %q", c.name, refused, c.reason)
		}
	}
}

// Whatever comes first, a secured node takes nothing in plain, and a plain
// node takes what it knows.
func TestGarbage(t *testing.T) {
	for _, secret := range []string{"secret", ""} {
		s := serve(t, listen(t, TLS(secured(t, secret)), short), echo)
		r := mathrand.New(mathrand.NewPCG(1, 2))
		for first := range 256 {
			c := knock(t, s)
			b := make([]byte, 1+r.IntN(600))
			for i := range b {
				b[i] = byte(r.Uint32())
			}
			b[0] = byte(first)
			_, err := c.Write(b)
			if err == nil {
				err = c.(*net.TCPConn).CloseWrite()
			}
			if err != nil && secret == "" && isGossip(b[0]) { // others may be cut off by now
				t.Fatal(err)
			}
			if secret == "" && isGossip(b[0]) {
				(<-s.StreamCh()).Close()
			}
			ended(t, c)
		}
		works(t, s, secret)
		if n := s.Refused(); n[string(notANode)] < 200 {
			t.Errorf("secret %q: refused %v", secret, n)
		}
	}
}

// A node without a secret, or with one that the other lacks, is answered in a
// way that it understands before it is cut off.
func TestDenial(t *testing.T) {
	for _, c := range []struct{ secret, says string }{{"secret", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"}, {"", "\x16\x03\x01\x02\x00"}} {
		s := serve(t, listen(t, TLS(secured(t, c.secret))), echo)
		conn := knock(t, s)
		if _, err := conn.Write([]byte(c.says)); err != nil {
			t.Fatal(err)
		}
		got := make([]byte, len(denial))
		if _, err := io.ReadFull(conn, got); err != nil || string(got) != string(denial[:]) {
			t.Errorf("%q is answered with %x, %v", c.says, got, err)
		}
		if err := conn.(*net.TCPConn).CloseWrite(); err != nil {
			t.Error(err)
		}
		if more := ended(t, conn); len(more) > 0 {
			t.Errorf("%x follows", more)
		}
	}
}

// A connection that dribbles is cut at the deadline of the whole, not of each
// byte, however far it has come.
func TestSlowConnectionsAreCut(t *testing.T) {
	hello := record(t, secured(t, "secret"))
	for _, c := range []struct {
		name, secret string
		says         []byte
	}{
		{"silence", "secret", nil},
		{"silence to a plain node", "", nil},
		{"a TLS hello", "secret", hello},
		{"TLS's length alone", "secret", []byte{0x16, 3, 1, 0x3f, 0xff}},
		{"a gRPC preface", "", []byte("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")},
		{"a refused gRPC preface", "secret", []byte("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")},
	} {
		s := serve(t, listen(t, TLS(secured(t, c.secret)), short), echo)
		conn := knock(t, s)
		begun := time.Now()
		stop := make(chan struct{})
		sent := make(chan struct{})
		go func() {
			defer close(sent)
			tick := time.NewTicker(usual.patience / 500) // slower than the limit allows for
			defer tick.Stop()
			for _, b := range append(c.says, make([]byte, 1000)...) {
				if len(c.says) == 0 {
					return
				}
				if _, err := conn.Write([]byte{b}); err != nil {
					return
				}
				select {
				case <-tick.C:
				case <-stop:
					return
				}
			}
		}()
		ended(t, conn)
		took := time.Since(begun)
		close(stop)
		<-sent
		if took > 20*s.limits.patience {
			t.Errorf("%s: cut after %v, the limit is %v", c.name, took, s.limits.patience)
		}
		works(t, s, c.secret)
	}
}

// record returns what a TLS client says first.
func record(t testing.TB, config *tls.Config) []byte {
	t.Helper()
	a, b := net.Pipe()
	defer a.Close()
	go func() {
		_ = tls.Client(b, config).Handshake()
		b.Close()
	}()
	buf := make([]byte, 1<<14)
	n, err := a.Read(buf)
	if err != nil {
		t.Fatal(err)
	}
	return buf[:n]
}

// A member may not send more than there is a use for either.
func TestOversizedMessages(t *testing.T) {
	s := serve(t, listen(t, TLS(secured(t, "secret"))), func(_ context.Context, _ string, req []byte) ([]byte, error) {
		if string(req) == "more" {
			return make([]byte, maxMessage), nil
		}
		return req, nil
	})
	c := listen(t, TLS(secured(t, "secret")))
	if _, err := c.Call(soon(t), s.Addr(), make([]byte, maxMessage)); err == nil || !strings.Contains(err.Error(), "larger than max") {
		t.Errorf("a question of %d bytes: %v", maxMessage, err)
	}
	if _, err := c.Call(soon(t), s.Addr(), []byte("more")); err == nil || !strings.Contains(err.Error(), "larger than max") {
		t.Errorf("an answer of %d bytes: %v", maxMessage, err)
	}
	p, err := c.peer(s.Addr())
	if err != nil {
		t.Fatal(err)
	}
	ctx := metadata.AppendToOutgoingContext(soon(t), "x", strings.Repeat("x", maxHeader))
	if err := p.conn.Invoke(ctx, exchange, wrapperspb.Bytes(nil), new(wrapperspb.BytesValue)); err == nil {
		t.Errorf("headers of %d bytes pass", maxHeader)
	}
	works(t, s, "secret")
}

// One connection has a bounded number of calls at once; more of them wait at
// the caller's.
func TestCallsOfOneConnectionAreBounded(t *testing.T) {
	running := make(chan struct{}, 2*maxCalls)
	release := make(chan struct{})
	s := serve(t, listen(t), func(ctx context.Context, _ string, req []byte) ([]byte, error) {
		running <- struct{}{}
		<-release
		return req, nil
	})
	c := listen(t)
	p, err := c.peer(s.Addr())
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, maxCalls+10)
	for range maxCalls + 10 {
		go func() {
			done <- p.conn.Invoke(soon(t), exchange, wrapperspb.Bytes(nil), new(wrapperspb.BytesValue), grpc.WaitForReady(true))
		}()
	}
	for range maxCalls {
		<-running
	}
	select {
	case <-running:
		t.Errorf("more than %d calls run at once", maxCalls)
	default:
	}
	close(release)
	for range maxCalls + 10 {
		if err := <-done; status.Code(err) != codes.OK {
			t.Error(err)
		}
	}
}

// A gossip stream that never ends is cut, and so is a packet that memberlist
// would never send.
func TestGossipIsBounded(t *testing.T) {
	s := serve(t, listen(t), echo)
	out, err := s.DialTimeout(s.Addr(), time.Second)
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	go func() {
		for chunk := make([]byte, 1<<16); ; {
			if _, err := out.Write(chunk); err != nil {
				return
			}
		}
	}()
	in := <-s.StreamCh()
	n, err := io.Copy(io.Discard, in)
	if n != maxStream || !errors.Is(err, errTooLong) {
		t.Errorf("%d bytes, %v", n, err)
	}
	if err := errors.Join(in.Close(), out.Close()); err != nil {
		t.Error(err)
	}

	for _, b := range [][]byte{make([]byte, maxPacket+1), make([]byte, maxPacket), []byte("last")} {
		if _, err := s.WriteTo(b, s.Addr()); err != nil {
			t.Fatal(err)
		}
	}
	for _, want := range []int{maxPacket, 4} {
		if p := <-s.PacketCh(); len(p.Buf) != want {
			t.Errorf("a packet of %d bytes, want %d", len(p.Buf), want)
		}
	}
}
