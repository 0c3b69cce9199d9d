package jobkey

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"math/big"
	"time"
)

// Name is the name in every node's certificate. It says that the certificate
// is a node's, not which one's: addresses may change, and the secret is all
// that is proved.
const Name = "ballast-node"

// A certificate is valid for a day around the moment it was made, so that
// clocks may differ by hours, and is replaced when half of what lay ahead of
// it is over.
const (
	validBefore = 24 * time.Hour
	validAfter  = 24 * time.Hour
	renewBefore = 12 * time.Hour
)

// authority signs the certificates of one secret's nodes. All nodes derive the
// same one, byte for byte.
type authority struct {
	key  ed25519.PrivateKey
	cert *x509.Certificate
}

// newAuthority derives the authority of a secret. Its certificate never
// expires in practice: what limits the life of a secret is the person who
// rotates it.
func newAuthority(secret []byte) (*authority, error) {
	seed, err := derive(secret, forAuthority)
	if err != nil {
		return nil, err
	}
	key := ed25519.NewKeyFromSeed(seed)
	id := sha256.Sum256(key.Public().(ed25519.PublicKey))
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1),
		Subject:      pkix.Name{CommonName: "ballast job"},
		NotBefore:    time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC),
		NotAfter:     time.Date(2200, 1, 1, 0, 0, 0, 0, time.UTC),
		SubjectKeyId: id[:20], // fixed here, since Go's choice has changed before
		IsCA:         true, BasicConstraintsValid: true, MaxPathLenZero: true,
		KeyUsage: x509.KeyUsageCertSign,
	}
	// Ed25519 signs deterministically: nothing random is left.
	der, err := x509.CreateCertificate(nil, template, template, key.Public(), key)
	if err != nil {
		return nil, fmt.Errorf("jobkey: making the certificate authority: %w", err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, fmt.Errorf("jobkey: making the certificate authority: %w", err)
	}
	return &authority{key, cert}, nil
}

// pool returns the authority as the only one to be believed.
func (a *authority) pool() *x509.CertPool {
	p := x509.NewCertPool()
	p.AddCert(a.cert)
	return p
}

// issue makes a new key and a certificate for it, valid around now.
func (a *authority) issue(now time.Time) (*tls.Certificate, error) {
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("jobkey: making a certificate: %w", err)
	}
	der, err := x509.CreateCertificate(rand.Reader, &x509.Certificate{
		Subject:               pkix.Name{CommonName: Name},
		DNSNames:              []string{Name},
		NotBefore:             now.Add(-validBefore),
		NotAfter:              now.Add(validAfter),
		BasicConstraintsValid: true,
		KeyUsage:              x509.KeyUsageDigitalSignature,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}, a.cert, public, a.key)
	if err != nil {
		return nil, fmt.Errorf("jobkey: making a certificate: %w", err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, fmt.Errorf("jobkey: making a certificate: %w", err)
	}
	return &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: private, Leaf: leaf}, nil
}
