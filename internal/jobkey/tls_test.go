package jobkey

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// of returns the configuration of a secret.
func of(t testing.TB, secret string, now func() time.Time) *tls.Config {
	t.Helper()
	c, err := TLSAt([]byte(secret), now)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// meet has a client and a server talk over a loopback socket: each sends a
// byte and reads one. It returns their errors.
func meet(t testing.TB, client, server *tls.Config) (clientErr, serverErr error) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	done := make(chan error, 1)
	go func() {
		c, err := l.Accept()
		if err == nil {
			err = talk(tls.Server(c, server))
		}
		done <- err
	}()
	c, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	clientErr = talk(tls.Client(c, client))
	return clientErr, <-done
}

// talk sends a byte and reads one. A client has finished its handshake before
// the server has seen its certificate: it hears of a refusal when it reads.
func talk(c *tls.Conn) error {
	defer c.Close()
	if err := c.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
		return err
	}
	if _, err := c.Write([]byte{1}); err != nil {
		return err
	}
	_, err := io.ReadFull(c, make([]byte, 1))
	return err
}

func TestHoldersOfTheSecretMeet(t *testing.T) {
	// Each derives the authority by itself, and their clocks differ by hours.
	behind := func() time.Time { return time.Now().Add(-11 * time.Hour) }
	ahead := func() time.Time { return time.Now().Add(11 * time.Hour) }
	for _, c := range []struct{ client, server func() time.Time }{{time.Now, time.Now}, {behind, ahead}, {ahead, behind}} {
		if a, b := meet(t, of(t, "secret", c.client), of(t, "secret", c.server)); a != nil || b != nil {
			t.Errorf("client: %v, server: %v", a, b)
		}
	}
}

// selfMade returns the configuration of somebody who knows all about the
// authority but its key.
func selfMade(t testing.TB, secret string) *tls.Config {
	t.Helper()
	a, err := newAuthority([]byte(secret))
	if err != nil {
		t.Fatal(err)
	}
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := *a.cert
	template.PublicKey = key.Public()
	der, err := x509.CreateCertificate(rand.Reader, &template, &template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := (&authority{key, cert}).issue(time.Now())
	if err != nil {
		t.Fatal(err)
	}
	return &tls.Config{
		ServerName: Name, InsecureSkipVerify: true, ClientAuth: tls.RequireAnyClientCert,
		GetCertificate:       func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return leaf, nil },
		GetClientCertificate: func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return leaf, nil },
	}
}

func TestStrangersAreRefused(t *testing.T) {
	ours := of(t, "secret", time.Now)
	old := func() time.Time { return time.Now().Add(-3 * 24 * time.Hour) }
	expired := of(t, "secret", old)
	expired.Time = time.Now // only its certificate is old
	nobody := ours.Clone()
	nobody.GetClientCertificate = nil
	ancient := ours.Clone()
	ancient.MinVersion, ancient.MaxVersion = tls.VersionTLS12, tls.VersionTLS12
	elsewhere := ours.Clone()
	elsewhere.ServerName = "example.org"
	for _, c := range []struct {
		name           string
		client, server *tls.Config
		refuses        string // "client" or "server"
		why            string
	}{
		{"another secret", of(t, "other", time.Now), ours, "client", "unknown authority"},
		{"a self-made authority in a client", selfMade(t, "secret"), ours, "server", "unknown authority"},
		{"a self-made authority in a server", ours, selfMade(t, "secret"), "client", "unknown authority"},
		{"no certificate", nobody, ours, "server", "didn't provide a certificate"},
		{"an expired certificate in a client", expired, ours, "server", "expired"},
		{"an expired certificate in a server", ours, expired, "client", "expired"},
		{"TLS 1.2", ancient, ours, "server", "unsupported versions"},
		{"a server of another name", elsewhere, ours, "client", "not example.org"},
	} {
		client, server := meet(t, c.client, c.server)
		refuser := client
		if c.refuses == "server" {
			refuser = server
		}
		if client == nil || server == nil || !strings.Contains(refuser.Error(), c.why) {
			t.Errorf("%s: client: %v; server: %v; want the %s to say %q", c.name, client, server, c.refuses, c.why)
		}
	}
}

// What a refusal is made of has types, so that nobody needs to read its text.
func TestRefusalsHaveTypes(t *testing.T) {
	err, _ := meet(t, of(t, "other", time.Now), of(t, "secret", time.Now))
	if _, ok := errors.AsType[x509.UnknownAuthorityError](err); !ok {
		t.Errorf("another secret gives %T", err)
	}
	old := func() time.Time { return time.Now().Add(-3 * 24 * time.Hour) }
	err, _ = meet(t, of(t, "secret", time.Now), of(t, "secret", old))
	if invalid, ok := errors.AsType[x509.CertificateInvalidError](err); !ok || invalid.Reason != x509.Expired {
		t.Errorf("an expired certificate gives %v", err)
	}
}

func BenchmarkHandshake(b *testing.B) {
	config := of(b, "secret", time.Now)
	for b.Loop() {
		if client, server := meet(b, config, config); client != nil || server != nil {
			b.Fatal(client, server)
		}
	}
}
