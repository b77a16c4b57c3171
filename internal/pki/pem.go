package pki

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"fmt"
)

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
