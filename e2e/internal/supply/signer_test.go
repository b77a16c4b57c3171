package supply

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"container-signing/internal/pki"
)

// TestSignPayload signs as the Notary Project wants it, verified by Go's own
// cryptography.
func TestSignPayload(t *testing.T) {
	payload := []byte("not hashed yet\x00")
	for spec, verify := range map[string]func(public crypto.PublicKey, signature []byte) bool{
		"RSA-3072": func(public crypto.PublicKey, signature []byte) bool {
			digest := sha512.Sum384(payload)
			options := &rsa.PSSOptions{SaltLength: crypto.SHA384.Size()}
			return rsa.VerifyPSS(public.(*rsa.PublicKey), crypto.SHA384, digest[:], signature, options) == nil
		},
		"EC-256": func(public crypto.PublicKey, signature []byte) bool {
			digest := sha256.Sum256(payload)
			r, s := new(big.Int).SetBytes(signature[:32]), new(big.Int).SetBytes(signature[32:])
			return len(signature) == 64 && ecdsa.Verify(public.(*ecdsa.PublicKey), digest[:], r, s)
		},
		"EC-521": func(public crypto.PublicKey, signature []byte) bool {
			digest := sha512.Sum512(payload)
			r, s := new(big.Int).SetBytes(signature[:66]), new(big.Int).SetBytes(signature[66:])
			return len(signature) == 132 && ecdsa.Verify(public.(*ecdsa.PublicKey), digest[:], r, s)
		},
	} {
		certificate, err := pki.NewAuthority("somebody", spec)
		if err != nil {
			t.Fatal(err)
		}
		key, err := certificate.KeyPEM()
		if err != nil {
			t.Fatal(err)
		}
		t.Setenv(KeyVariable, writeTemp(t, string(key)))
		var signature bytes.Buffer
		if err := SignPayload(bytes.NewReader(payload), &signature); err != nil {
			t.Errorf("%s: %v", spec, err)
		} else if !verify(certificate.Key.Public(), signature.Bytes()) {
			t.Errorf("%s: the signature doesn't verify", spec)
		}
	}
}

func TestSignPayloadWithout(t *testing.T) {
	for name, c := range map[string]struct{ file, words string }{
		"a file":       {filepath.Join(t.TempDir(), "nowhere"), "no such file or directory"},
		"PEM":          {writeTemp(t, "Dear signer,\n"), "it isn't PEM"},
		"a key":        {writeTemp(t, "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"), "asn1"},
		"the variable": {"", KeyVariable},
	} {
		t.Setenv(KeyVariable, c.file)
		var signature bytes.Buffer
		if err := SignPayload(strings.NewReader("payload"), &signature); err == nil ||
			!strings.Contains(err.Error(), c.words) {
			t.Errorf("without %s: %v", name, err)
		}
		if signature.Len() > 0 {
			t.Errorf("without %s something is written", name)
		}
	}
}

func writeTemp(t *testing.T, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
