// Package pkitest makes keys and certificate chains for tests.
package pkitest

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"os"
	"sync"
	"testing"
	"time"
)

// Specs are the key types of the Notary Project.
var Specs = []string{"RSA-2048", "RSA-3072", "RSA-4096", "EC-256", "EC-384", "EC-521"}

var keys = map[string]func() (crypto.Signer, error){
	"RSA-1024": newRSA(1024), "RSA-2048": newRSA(2048), "RSA-3072": newRSA(3072), "RSA-4096": newRSA(4096),
	"EC-224": newECDSA(elliptic.P224()), "EC-256": newECDSA(elliptic.P256()),
	"EC-384": newECDSA(elliptic.P384()), "EC-521": newECDSA(elliptic.P521()),
}

// newRSA makes one key a process: finding primes takes a second.
func newRSA(bits int) func() (crypto.Signer, error) {
	return sync.OnceValues(func() (crypto.Signer, error) { return rsa.GenerateKey(rand.Reader, bits) })
}

func newECDSA(curve elliptic.Curve) func() (crypto.Signer, error) {
	return func() (crypto.Signer, error) { return ecdsa.GenerateKey(curve, rand.Reader) }
}

// Key returns a private key of a type such as EC-256. All RSA keys of one size
// are the same one.
func Key(t testing.TB, spec string) crypto.Signer {
	t.Helper()
	key, err := keys[spec]()
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// CA is an issuer of certificates.
type CA struct {
	Certificate *x509.Certificate
	Key         crypto.Signer
}

// Root returns a self-signed CA.
func Root(t testing.TB, name string, edits ...func(*x509.Certificate)) CA {
	t.Helper()
	key := Key(t, "EC-256")
	return CA{issue(t, authority(name, edits), nil, key.Public(), key), key}
}

// Intermediate returns a CA that ca has issued.
func (ca CA) Intermediate(t testing.TB, name string, edits ...func(*x509.Certificate)) CA {
	t.Helper()
	key := Key(t, "EC-256")
	return CA{issue(t, authority(name, edits), ca.Certificate, key.Public(), ca.Key), key}
}

// Leaf returns a signing certificate for key that ca has issued.
func (ca CA) Leaf(t testing.TB, name string, key crypto.PublicKey, edits ...func(*x509.Certificate)) *x509.Certificate {
	t.Helper()
	return issue(t, leaf(name, edits), ca.Certificate, key, ca.Key)
}

// SelfSigned returns a signing certificate that is its own issuer.
func SelfSigned(t testing.TB, name string, key crypto.Signer, edits ...func(*x509.Certificate)) *x509.Certificate {
	t.Helper()
	return issue(t, leaf(name, edits), nil, key.Public(), key)
}

func authority(name string, edits []func(*x509.Certificate)) *x509.Certificate {
	template := newTemplate(name)
	template.IsCA, template.BasicConstraintsValid = true, true
	template.KeyUsage = x509.KeyUsageCertSign | x509.KeyUsageCRLSign
	return edited(template, edits)
}

func leaf(name string, edits []func(*x509.Certificate)) *x509.Certificate {
	template := newTemplate(name)
	template.BasicConstraintsValid = true
	template.KeyUsage = x509.KeyUsageDigitalSignature
	template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageCodeSigning}
	return edited(template, edits)
}

// newTemplate has the three attributes that a Notation trusted identity needs.
func newTemplate(name string) *x509.Certificate {
	return &x509.Certificate{
		Subject:   pkix.Name{Country: []string{"FI"}, Province: []string{"Uusimaa"}, Organization: []string{"Test"}, CommonName: name},
		NotBefore: time.Now().Add(-time.Hour),
		NotAfter:  time.Now().Add(24 * time.Hour),
	}
}

func edited(template *x509.Certificate, edits []func(*x509.Certificate)) *x509.Certificate {
	for _, edit := range edits {
		edit(template)
	}
	return template
}

// issue signs the template, with the signer as its own issuer where parent is nil.
func issue(t testing.TB, template, parent *x509.Certificate, public crypto.PublicKey, signer crypto.Signer) *x509.Certificate {
	t.Helper()
	serial, err := rand.Int(rand.Reader, big.NewInt(1<<62))
	if err != nil {
		t.Fatal(err)
	}
	template.SerialNumber = serial
	if parent == nil {
		parent = template
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, public, signer)
	if err != nil {
		t.Fatal(err)
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return certificate
}

// EncodePEM returns the certificates as PEM blocks.
func EncodePEM(certificates ...*x509.Certificate) []byte {
	var text []byte
	for _, certificate := range certificates {
		text = append(text, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate.Raw})...)
	}
	return text
}

// WriteFiles writes, into folder, leaf.key of the given type, chain.pem from its
// leaf to the root, and root.pem.
func WriteFiles(t testing.TB, folder, spec string) {
	t.Helper()
	key := Key(t, spec)
	root := Root(t, "root")
	intermediate := root.Intermediate(t, "intermediate")
	leaf := intermediate.Leaf(t, "leaf", key.Public())
	pkcs8, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	files := map[string][]byte{
		"leaf.key":  pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8}),
		"chain.pem": EncodePEM(leaf, intermediate.Certificate, root.Certificate),
		"root.pem":  EncodePEM(root.Certificate),
	}
	for name, content := range files {
		if err := os.WriteFile(fmt.Sprintf("%s/%s", folder, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}
