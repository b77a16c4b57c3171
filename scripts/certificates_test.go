package scripts_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"testing"
	"time"
)

// newChain certifies spec's key by a new CA and returns both certificates in
// PEM: the chain, leaf first, and the CA alone.
func newChain(t *testing.T, spec keySpec) (chain, ca []byte) {
	t.Helper()
	caKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	root := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "CA", Organization: []string{"test"}, Country: []string{"FI"}, Province: []string{"test"}},
		KeyUsage: x509.KeyUsageCertSign, IsCA: true, BasicConstraintsValid: true,
	}
	leaf := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "release", Organization: []string{"test"}, Country: []string{"FI"}, Province: []string{"test"}},
		KeyUsage: x509.KeyUsageDigitalSignature,
	}
	ca = certify(t, root, root, caKey.Public(), caKey)
	return append(certify(t, leaf, root, spec.key().Public(), caKey), ca...), ca
}

func certify(t *testing.T, certificate, parent *x509.Certificate, public crypto.PublicKey, by crypto.Signer) []byte {
	t.Helper()
	certificate.NotBefore, certificate.NotAfter = time.Now().Add(-time.Hour), time.Now().Add(time.Hour)
	der, err := x509.CreateCertificate(rand.Reader, certificate, parent, public, by)
	if err != nil {
		t.Fatal(err)
	}
	return encodePEM("CERTIFICATE", der)
}
