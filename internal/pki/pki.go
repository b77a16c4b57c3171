// Package pki makes the certificates of a run: the demonstration chain that
// signs images, and those with which the parts of the cluster know each other.
package pki

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"slices"
	"strings"
	"time"
)

// lifetime is how long a certificate of a run is valid. Nothing renews it; a
// run that is kept is not kept for long.
const lifetime = 30 * 24 * time.Hour

// A Certificate is a certificate with its private key.
type Certificate struct {
	X509 *x509.Certificate
	Key  crypto.Signer
}

// keySpecs are the key specs of the Notary Project signature specification.
var keySpecs = map[string]func() (crypto.Signer, error){
	"RSA-2048": func() (crypto.Signer, error) { return rsa.GenerateKey(rand.Reader, 2048) },
	"RSA-3072": func() (crypto.Signer, error) { return rsa.GenerateKey(rand.Reader, 3072) },
	"RSA-4096": func() (crypto.Signer, error) { return rsa.GenerateKey(rand.Reader, 4096) },
	"EC-256":   func() (crypto.Signer, error) { return ecdsa.GenerateKey(elliptic.P256(), rand.Reader) },
	"EC-384":   func() (crypto.Signer, error) { return ecdsa.GenerateKey(elliptic.P384(), rand.Reader) },
	"EC-521":   func() (crypto.Signer, error) { return ecdsa.GenerateKey(elliptic.P521(), rand.Reader) },
}

// KeySpecs lists the key specs that a demonstration chain can be made for.
func KeySpecs() []string {
	return []string{"RSA-2048", "RSA-3072", "RSA-4096", "EC-256", "EC-384", "EC-521"}
}

// CheckKeySpec returns an error if spec isn't one of [KeySpecs].
func CheckKeySpec(spec string) error {
	if !slices.Contains(KeySpecs(), spec) {
		return fmt.Errorf("unknown key spec %q: known are %s", spec, strings.Join(KeySpecs(), ", "))
	}
	return nil
}

// NewAuthority makes a self-signed certificate authority.
func NewAuthority(commonName, keySpec string) (*Certificate, error) {
	return issue(nil, keySpec, &x509.Certificate{
		Subject:               pkix.Name{CommonName: commonName, Organization: []string{"container-signing demonstration"}},
		IsCA:                  true,
		BasicConstraintsValid: true,
		KeyUsage:              x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
	})
}

// NewSigner makes a leaf that may sign images: key usage digitalSignature
// alone and extended key usage codeSigning, as the certificate requirements
// of the Notary Project signature specification want it.
func (c *Certificate) NewSigner(commonName, keySpec string) (*Certificate, error) {
	return issue(c, keySpec, &x509.Certificate{
		// Notation's trust policy identifies a signer by C, ST and O.
		Subject: pkix.Name{
			CommonName: commonName, Organization: []string{"container-signing demonstration"},
			Country: []string{"FI"}, Province: []string{"Uusimaa"},
		},
		BasicConstraintsValid: true,
		KeyUsage:              x509.KeyUsageDigitalSignature,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageCodeSigning},
	})
}

// NewServer makes a serving certificate for host names and IP addresses.
func (c *Certificate) NewServer(commonName string, hosts ...string) (*Certificate, error) {
	template := &x509.Certificate{
		Subject:     pkix.Name{CommonName: commonName},
		KeyUsage:    x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	for _, host := range hosts {
		if ip := net.ParseIP(host); ip != nil {
			template.IPAddresses = append(template.IPAddresses, ip)
		} else {
			template.DNSNames = append(template.DNSNames, host)
		}
	}
	return issue(c, "EC-256", template)
}

// NewClient makes a certificate by which Kubernetes knows a user and its
// group.
func (c *Certificate) NewClient(user, group string) (*Certificate, error) {
	return issue(c, "EC-256", &x509.Certificate{
		Subject:     pkix.Name{CommonName: user, Organization: []string{group}},
		KeyUsage:    x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	})
}

// issue signs template with the issuer's key, or with its own if issuer is
// nil.
func issue(issuer *Certificate, keySpec string, template *x509.Certificate) (*Certificate, error) {
	if err := CheckKeySpec(keySpec); err != nil {
		return nil, err
	}
	key, err := keySpecs[keySpec]()
	if err != nil {
		return nil, fmt.Errorf("making a key for %q: %w", template.Subject, err)
	}
	// RFC 5280, 4.1.2.2: unique for an issuer, at most 20 bytes.
	template.SerialNumber, err = rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
	if err != nil {
		return nil, fmt.Errorf("making a serial number for %q: %w", template.Subject, err)
	}
	// A minute back, for clocks that differ a little.
	template.NotBefore = time.Now().Add(-time.Minute)
	template.NotAfter = template.NotBefore.Add(lifetime)
	parent, signer := template, key
	if issuer != nil {
		parent, signer = issuer.X509, issuer.Key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), signer)
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

// PEM returns the certificate in PEM.
func (c *Certificate) PEM() []byte { return EncodePEM(c.X509) }

// EncodePEM returns certificates in PEM, one after the other.
func EncodePEM(chain ...*x509.Certificate) []byte {
	var encoded bytes.Buffer
	for _, certificate := range chain {
		encoded.Write(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate.Raw}))
	}
	return encoded.Bytes()
}

// KeyPEM returns the private key as PKCS #8 in PEM.
func (c *Certificate) KeyPEM() ([]byte, error) {
	der, err := x509.MarshalPKCS8PrivateKey(c.Key)
	if err != nil {
		return nil, fmt.Errorf("encoding the key of %q: %w", c.X509.Subject, err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), nil
}

// PublicKeyPEM returns the public key as PKIX in PEM.
func (c *Certificate) PublicKeyPEM() ([]byte, error) {
	der, err := x509.MarshalPKIXPublicKey(c.Key.Public())
	if err != nil {
		return nil, fmt.Errorf("encoding the public key of %q: %w", c.X509.Subject, err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}), nil
}
