package jobkey

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
)

// Local is the protocol (ALPN) of connections within one machine that shake
// hands like all others and then go on in plain: the peer is authenticated,
// what it says is not encrypted. On a loopback interface that keeps out all
// but those who may look into the processes anyway, and encryption costs more
// than the kernel takes to move the bytes.
//
// After the handshake the server sends one byte in plain, and only then may
// the client begin. So nothing is ever under way that TLS could read too much
// of when it is taken off.
const Local = "ballast-local"

// goAhead is the server's first byte in plain; a TLS record begins with
// another, so that an alert in its place is not taken for it.
const goAhead = 0x06

// IsLocal reports whether both ends of c are loopback addresses.
func IsLocal(c net.Conn) bool {
	for _, a := range []net.Addr{c.LocalAddr(), c.RemoteAddr()} {
		tcp, ok := a.(*net.TCPAddr)
		if !ok || !tcp.IP.IsLoopback() {
			return false
		}
	}
	return true
}

// The protocol of connections that carry the ring's frames and nothing else,
// and what Local is for them.
const (
	Ring      = "ballast-ring"
	LocalRing = "ballast-ring-local"
)

// ClientLocal shakes hands over c as the client. If the server speaks the
// protocol local too, which is Local or LocalRing, the connection it returns is
// c itself, else an encrypted one that speaks the protocol otherwise. The
// caller has checked IsLocal. It does not close c.
func ClientLocal(ctx context.Context, c net.Conn, config *tls.Config, local, otherwise string) (net.Conn, error) {
	config = config.Clone()
	config.NextProtos = []string{local, otherwise}
	t := tls.Client(c, config)
	if err := t.HandshakeContext(ctx); err != nil {
		if ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		return nil, err
	}
	switch p := t.ConnectionState().NegotiatedProtocol; p {
	case otherwise:
		return t, nil
	case local:
		return c, awaitGoAhead(ctx, c)
	default:
		return nil, fmt.Errorf("jobkey: the server chose the protocol %q, want %q or %q", p, local, otherwise)
	}
}

// awaitGoAhead reads the server's byte, until ctx ends.
func awaitGoAhead(ctx context.Context, c net.Conn) error {
	stop := context.AfterFunc(ctx, func() { _ = c.Close() })
	var b [1]byte
	_, err := io.ReadFull(c, b[:])
	switch {
	case !stop():
		return context.Cause(ctx)
	case err != nil:
		return fmt.Errorf("jobkey: waiting for the server to accept this node's certificate: %w", err)
	case b[0] != goAhead:
		return errors.New("jobkey: the server does not accept this node's certificate")
	}
	return nil
}

// GoAhead is what a server does with c, the connection below TLS, when the
// handshake has ended in Local. c is plain from then on.
func GoAhead(c net.Conn) error {
	_, err := c.Write([]byte{goAhead})
	return err
}
