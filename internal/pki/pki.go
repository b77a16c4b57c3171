// Package pki issues certificates: the demonstration chain that signs images,
// those by which the parts of a cluster know each other, and those of tests.
package pki

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"math/big"
	"time"

	"container-signing/internal/keyspec"
)

// lifetime is how long a certificate is valid where its template says nothing
// else. Nothing renews the certificates of a run.
const lifetime = 30 * 24 * time.Hour

// A Certificate is a certificate with its private key.
type Certificate struct {
	X509 *x509.Certificate
	Key  crypto.Signer
}

// NewAuthority makes a self-signed certificate authority with a new key.
func NewAuthority(commonName, keySpec string) (*Certificate, error) {
	return (*Certificate)(nil).withNewKey(Authority(commonName), keySpec)
}

// NewSigner makes a certificate that may sign images, with a new key.
func (c *Certificate) NewSigner(commonName, keySpec string) (*Certificate, error) {
	return c.withNewKey(Signer(commonName), keySpec)
}

// NewServer makes a serving certificate for host names and IP addresses.
func (c *Certificate) NewServer(commonName string, hosts ...string) (*Certificate, error) {
	return c.withNewKey(Server(commonName, hosts...), "EC-256")
}

// NewClient makes a certificate by which Kubernetes knows a user and its
// group.
func (c *Certificate) NewClient(user, group string) (*Certificate, error) {
	return c.withNewKey(Client(user, group), "EC-256")
}

func (c *Certificate) withNewKey(template *x509.Certificate, keySpec string) (*Certificate, error) {
	key, err := NewKey(keySpec)
	if err != nil {
		return nil, fmt.Errorf("making a key for %q: %w", template.Subject, err)
	}
	return c.Issue(template, key)
}

// NewKey makes a private key of a key spec such as EC-256.
func NewKey(keySpec string) (crypto.Signer, error) {
	spec, err := keyspec.Named(keySpec)
	if err != nil {
		return nil, err
	}
	if spec.IsECDSA() {
		return ecdsa.GenerateKey(spec.Curve, rand.Reader)
	}
	return rsa.GenerateKey(rand.Reader, spec.Bits)
}

// Issue certifies key with what template says. Where c is nil, the certificate
// is self-signed. A serial number and the times of validity are chosen where
// template has none; template isn't changed.
func (c *Certificate) Issue(template *x509.Certificate, key crypto.Signer) (*Certificate, error) {
	complete := *template
	if complete.SerialNumber == nil {
		// RFC 5280, 4.1.2.2: unique for an issuer, at most 20 bytes.
		complete.SerialNumber, _ = rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127)) // never an error
	}
	if complete.NotBefore.IsZero() {
		complete.NotBefore = time.Now().Add(-time.Minute) // for clocks that differ a little
	}
	if complete.NotAfter.IsZero() {
		complete.NotAfter = complete.NotBefore.Add(lifetime)
	}
	parent, by := &complete, key
	if c != nil {
		parent, by = c.X509, c.Key
	}
	der, err := x509.CreateCertificate(rand.Reader, &complete, parent, key.Public(), by)
	if err != nil {
		return nil, fmt.Errorf("making a certificate for %q: %w", template.Subject, err)
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, fmt.Errorf("reading the certificate made for %q: %w", template.Subject, err)
	}
	return &Certificate{X509: certificate, Key: key}, nil
}

// Parse reads a certificate and its private key in PKCS #8, both in PEM.
func Parse(certificate, key []byte) (*Certificate, error) {
	pair, err := tls.X509KeyPair(certificate, key)
	if err != nil {
		return nil, err
	}
	signer, ok := pair.PrivateKey.(crypto.Signer)
	if !ok {
		return nil, fmt.Errorf("a key of type %T can't sign", pair.PrivateKey)
	}
	return &Certificate{X509: pair.Leaf, Key: signer}, nil
}
