package rpc

import (
	"context"
	"crypto/tls"
	"errors"
	"net"

	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/ballast-ml/ballast/internal/jobkey"
)

// credentials returns what to dial the next node with.
func (o Options) credentials() credentials.TransportCredentials {
	switch {
	case o.TLS == nil:
		return insecure.NewCredentials()
	case o.PlainLoopback:
		return local{credentials.NewTLS(o.TLS), o.TLS}
	default:
		return credentials.NewTLS(o.TLS)
	}
}

// local is TLS credentials that do not encrypt what stays on this machine.
type local struct {
	credentials.TransportCredentials // elsewhere
	config                           *tls.Config
}

// ClientHandshake proves to the server that we hold the secret, and the other
// way round.
func (l local) ClientHandshake(ctx context.Context, authority string, c net.Conn) (net.Conn, credentials.AuthInfo, error) {
	if !jobkey.IsLocal(c) {
		return l.TransportCredentials.ClientHandshake(ctx, authority, c)
	}
	p, err := jobkey.ClientLocal(ctx, c, l.config, jobkey.Local, "h2")
	if err != nil {
		return nil, nil, errors.Join(err, c.Close())
	}
	return p, nil, nil
}

// Clone returns a copy.
func (l local) Clone() credentials.TransportCredentials {
	return local{l.TransportCredentials.Clone(), l.config}
}
