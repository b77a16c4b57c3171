// Package pkitest issues certificates for tests, which may be wrong ones.
package pkitest

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"container-signing/internal/keyspec"
	"container-signing/internal/pki"
)

// An Edit changes a certificate before it is issued.
type Edit func(template *x509.Certificate)

var rsaKeys sync.Map // of func() (crypto.Signer, error), by key spec

// Key returns a private key of a key spec such as EC-256, or of RSA-1024 and
// EC-224, which Notation has no key spec for. All RSA keys of one size are the
// same one: finding primes takes a second.
func Key(t testing.TB, spec string) crypto.Signer {
	t.Helper()
	newKey := func() (crypto.Signer, error) { return generate(spec) }
	if known, err := keyspec.Named(spec); err != nil || !known.IsECDSA() {
		cached, _ := rsaKeys.LoadOrStore(spec, sync.OnceValues(newKey))
		newKey = cached.(func() (crypto.Signer, error))
	}
	key, err := newKey()
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func generate(spec string) (crypto.Signer, error) {
	switch spec {
	case "RSA-1024":
		return rsa.GenerateKey(rand.Reader, 1024)
	case "EC-224":
		return ecdsa.GenerateKey(elliptic.P224(), rand.Reader)
	default:
		return pki.NewKey(spec)
	}
}

// Root returns a self-signed certificate authority.
func Root(t testing.TB, name string, edits ...Edit) *pki.Certificate {
	t.Helper()
	return Intermediate(t, nil, name, edits...)
}

// Intermediate returns a certificate authority that issuer has certified.
func Intermediate(t testing.TB, issuer *pki.Certificate, name string, edits ...Edit) *pki.Certificate {
	t.Helper()
	return Issue(t, issuer, pki.Authority(name), Key(t, "EC-256"), edits...)
}

// Leaf returns a signing certificate for key. Where issuer is nil, it is
// self-signed.
func Leaf(t testing.TB, issuer *pki.Certificate, name string, key crypto.Signer, edits ...Edit) *pki.Certificate {
	t.Helper()
	return Issue(t, issuer, pki.Signer(name), key, edits...)
}

// Issue certifies key with what template says after the edits. Where template
// has no times, the edits find an hour ago and tomorrow there.
func Issue(
	t testing.TB, issuer *pki.Certificate, template *x509.Certificate, key crypto.Signer, edits ...Edit,
) *pki.Certificate {
	t.Helper()
	edited := *template
	if edited.NotBefore.IsZero() {
		edited.NotBefore, edited.NotAfter = time.Now().Add(-time.Hour), time.Now().Add(24*time.Hour)
	}
	for _, edit := range edits {
		edit(&edited)
	}
	certificate, err := issuer.Issue(&edited, key)
	if err != nil {
		t.Fatal(err)
	}
	return certificate
}

// WriteFiles writes, into folder, leaf.key of the given key spec, chain.pem from
// its leaf to the root, and root.pem.
func WriteFiles(t testing.TB, folder, spec string) {
	t.Helper()
	root := Root(t, "root")
	intermediate := Intermediate(t, root, "intermediate")
	leaf := Leaf(t, intermediate, "leaf", Key(t, spec))
	files := map[string][]byte{
		"leaf.key":  KeyPEM(t, leaf),
		"chain.pem": pki.EncodePEM(leaf.X509, intermediate.X509, root.X509),
		"root.pem":  root.PEM(),
	}
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(folder, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// KeyPEM returns the private key as PKCS #8 in PEM.
func KeyPEM(t testing.TB, certificate *pki.Certificate) []byte {
	t.Helper()
	content, err := certificate.KeyPEM()
	if err != nil {
		t.Fatal(err)
	}
	return content
}
