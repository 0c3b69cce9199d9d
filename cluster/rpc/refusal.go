package rpc

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"sync"
	"syscall"

	"github.com/ballast-ml/ballast/cluster"
)

// reason is why a connection was refused; refusals are counted by it.
type reason string

const (
	notANode       reason = "no node's words"
	tooSlow        reason = "too slow"
	crowdedOut     reason = "pushed out by newer connections"
	tooMany        reason = "too many connections of its kind"
	noSecret       reason = "it has no secret"
	needlessSecret reason = "it has a secret, this node has none"
	otherSecret    reason = "another secret"
	wrongClock     reason = "certificate not valid now"
	noHandshake    reason = "no TLS handshake"
)

// refusal is the error of a connection that is refused.
type refusal struct {
	why reason
	err error // the detail; may be nil
}

// Error returns the reason and the detail.
func (r refusal) Error() string {
	if r.err == nil {
		return string(r.why)
	}
	return fmt.Sprintf("%s: %v", r.why, r.err)
}

// explainHandshake returns the refusal that the error of a server's TLS
// handshake means.
func explainHandshake(err error) error {
	remote, said := errors.AsType[*net.OpError](err)
	invalid, _ := errors.AsType[x509.CertificateInvalidError](err)
	_, unknown := errors.AsType[x509.UnknownAuthorityError](err)
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, io.EOF), errors.Is(err, net.ErrClosed), errors.Is(err, syscall.ECONNRESET):
		return err
	case invalid.Reason == x509.Expired && invalid.Cert != nil:
		return refusal{wrongClock, err}
	case unknown, said && remote.Op == "remote error": // it does not accept our certificate
		return refusal{otherSecret, err}
	default:
		return refusal{noHandshake, err}
	}
}

// Two nodes of which only one has a secret cannot even begin to talk. The one
// that was dialled answers with this, whatever it was asked in: a TLS alert,
// access_denied, which a node that dials takes for the news that it is the
// secret in which they differ. It is not authenticated, like any refusal; who
// can forge it can break the connection as well.
var denial = [7]byte{alertRecord, 3, 3, 0, 2, 2, 49}

// The kinds of TLS records that begin a connection.
const (
	alertRecord     = 0x15
	handshakeRecord = 0x16
)

// turnAway sends the denial and reads what the peer may still be sending: to
// close at once would reset the connection, and the denial might get lost. The
// deadline of c bounds it.
func turnAway(c net.Conn) {
	if _, err := c.Write(denial[:]); err != nil {
		return
	}
	if half, ok := c.(interface{ CloseWrite() error }); ok && half.CloseWrite() == nil {
		_, _ = io.Copy(io.Discard, io.LimitReader(c, 1<<16))
	}
}

// hearing is a connection to a node that listens for the denial.
type hearing struct {
	net.Conn
	mu struct {
		sync.Mutex
		first []byte // what came first, at most as long as the denial
	}
}

// Read reads, and keeps what came first.
func (h *hearing) Read(b []byte) (int, error) {
	n, err := h.Conn.Read(b)
	h.mu.Lock()
	defer h.mu.Unlock()
	if missing := len(denial) - len(h.mu.first); missing > 0 {
		h.mu.first = append(h.mu.first, b[:min(n, missing)]...)
	}
	return n, err
}

// denied reports whether the denial has come.
func (h *hearing) denied() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return string(h.mu.first) == string(denial[:])
}

// explainDial returns what the failure to connect to addr means: a
// *cluster.RefusedError if the secrets differ.
func explainDial(addr string, config *tls.Config, denied bool, err error) error {
	differ := &cluster.RefusedError{Peer: "at " + addr, Field: cluster.FieldSecret, Ours: "one", Theirs: "another"}
	invalid, _ := errors.AsType[x509.CertificateInvalidError](err)
	_, unknown := errors.AsType[x509.UnknownAuthorityError](err)
	switch {
	case denied && config == nil:
		differ.Ours, differ.Theirs = "none", "one"
		return differ
	case denied:
		differ.Theirs = "none"
		return differ
	case unknown:
		return differ
	case invalid.Cert != nil && invalid.Reason == x509.Expired:
		return fmt.Errorf("rpc: the certificate of %s, made when it needed one, is valid from %v to %v: set the clocks of both machines: %w",
			addr, invalid.Cert.NotBefore, invalid.Cert.NotAfter, err)
	default:
		return err
	}
}
