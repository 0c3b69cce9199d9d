package rpc

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"time"

	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/ballast-ml/ballast/internal/jobkey"
)

// The protocols that share the port, as TLS clients ask for them (ALPN).
const (
	callProtocol   = "h2" // gRPC's
	gossipProtocol = "ballast-gossip"
)

// TLS has both ends of every TCP connection prove that they belong to the job:
// config is both a server's and a client's and demands certificates of both,
// as jobkey.TLS makes it. Plain connections are then refused before a byte of
// them is interpreted. nil means plain connections, which is the default; then
// TLS is refused.
//
// Packets are not covered: cluster.Config.Secret encrypts them.
func TLS(config *tls.Config) Option { return func(o *options) { o.tls = config } }

// PlainLoopback allows clients on this machine, or does not, to go on without
// encryption once they have shown their certificate; they have to ask for it.
func PlainLoopback(allow bool) Option { return func(o *options) { o.plain = allow } }

// shake is the server's side of a TLS handshake. It is done here and not in
// gRPC because here its memory, time and number are bounded.
func (s *Server) shake(c net.Conn) (*lane, net.Conn, error) {
	config := s.tls
	if jobkey.IsLocal(c) {
		config = s.local
	}
	t := tls.Server(c, config)
	if err := t.Handshake(); err != nil { // bounded by the deadline of c
		return nil, nil, explainHandshake(err)
	}
	switch p := t.ConnectionState().NegotiatedProtocol; p {
	case "":
		return nil, nil, refusal{notANode, errors.New("it asks for no protocol")}
	case callProtocol:
		return &s.calls, t, nil
	case jobkey.Local:
		return &s.calls, c, jobkey.GoAhead(c)
	case gossipProtocol:
		return &s.streams, t, nil
	case s.beside.protocol:
		return &s.beside.lane, t, nil
	case s.beside.local:
		return &s.beside.lane, c, jobkey.GoAhead(c)
	default:
		return nil, nil, refusal{notANode, fmt.Errorf("it asks for the protocol %q", p)}
	}
}

// credentials returns the client's side for the connection to p.
func (s *Server) credentials(p *peer) credentials.TransportCredentials {
	if s.tls == nil {
		return insecure.NewCredentials()
	}
	return noting{credentials.NewTLS(s.tls), p}
}

// noting is credentials that note why a handshake failed, of which gRPC tells
// the text alone.
type noting struct {
	credentials.TransportCredentials
	p *peer
}

// ClientHandshake is the client's side of a handshake.
func (n noting) ClientHandshake(ctx context.Context, authority string, c net.Conn) (net.Conn, credentials.AuthInfo, error) {
	t, info, err := n.TransportCredentials.ClientHandshake(ctx, authority, c)
	if err != nil {
		n.p.note(err)
	}
	return t, info, err
}

// Clone returns a copy.
func (n noting) Clone() credentials.TransportCredentials {
	return noting{n.TransportCredentials.Clone(), n.p}
}

// DialTimeout opens a gossip stream.
func (s *Server) DialTimeout(addr string, timeout time.Duration) (net.Conn, error) {
	d := &net.Dialer{Timeout: timeout}
	if s.tls == nil {
		return d.Dial("tcp", addr)
	}
	config := s.tls.Clone()
	config.NextProtos = []string{gossipProtocol}
	return tls.DialWithDialer(d, "tcp", addr, config)
}
