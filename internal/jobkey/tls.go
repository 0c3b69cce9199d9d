package jobkey

import (
	"crypto/tls"
	"sync"
	"time"
)

// TLS returns what both ends of a connection between two nodes need: TLS 1.3
// in which each shows a certificate of the secret's authority and wants one.
// Without a secret it returns nil: plain connections.
//
// The configuration serves servers and clients at once, for as long as the
// process lives, and may be shared and cloned; it makes a new certificate
// before the old one expires. Set NextProtos on a clone.
func TLS(secret []byte) (*tls.Config, error) { return TLSAt(secret, time.Now) }

// TLSAt is TLS by another clock. It is for tests of machines whose clocks are
// wrong.
func TLSAt(secret []byte, now func() time.Time) (*tls.Config, error) {
	if len(secret) == 0 {
		return nil, nil
	}
	a, err := newAuthority(secret)
	if err != nil {
		return nil, err
	}
	w := &wallet{authority: a, now: now}
	if _, err := w.certificate(); err != nil {
		return nil, err
	}
	return &tls.Config{
		MinVersion:           tls.VersionTLS13,
		ServerName:           Name,
		RootCAs:              a.pool(),
		ClientCAs:            a.pool(),
		ClientAuth:           tls.RequireAndVerifyClientCert,
		GetCertificate:       func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return w.certificate() },
		GetClientCertificate: func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return w.certificate() },
		Time:                 now,
		// Connections are few and live long: a ticket would only be one more
		// thing that proves membership.
		SessionTicketsDisabled: true,
		// Streams carry megabytes; small first records serve web pages.
		DynamicRecordSizingDisabled: true,
	}, nil
}

// wallet keeps the process's certificate and replaces it in time.
type wallet struct {
	authority *authority
	now       func() time.Time
	mu        struct {
		sync.Mutex
		current *tls.Certificate
	}
}

// certificate returns one that is valid for a while.
func (w *wallet) certificate() (*tls.Certificate, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	now := w.now()
	if c := w.mu.current; c != nil && now.After(c.Leaf.NotBefore) && now.Add(renewBefore).Before(c.Leaf.NotAfter) {
		return c, nil
	}
	c, err := w.authority.issue(now)
	if err != nil {
		return nil, err
	}
	w.mu.current = c
	return c, nil
}
