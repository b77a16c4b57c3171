package pki

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"strings"
	"testing"
	"time"

	corex509 "github.com/notaryproject/notation-core-go/x509"

	"container-signing/internal/hint"
	"container-signing/internal/keyspec"
)

// TestSigner has Notation's own library judge the demonstration chain of each
// key spec.
func TestSigner(t *testing.T) {
	for _, spec := range keyspec.Names() {
		t.Run(spec, func(t *testing.T) {
			t.Parallel()
			authority, err := NewAuthority("test CA", spec)
			if err != nil {
				t.Fatal(err)
			}
			leaf, err := authority.NewSigner("test", spec)
			if err != nil {
				t.Fatal(err)
			}
			now, chain := time.Now(), []*x509.Certificate{leaf.X509, authority.X509}
			if err := corex509.ValidateCodeSigningCertChain(chain, &now); err != nil {
				t.Error(err)
			}
			if made, err := keyspec.Of(leaf.X509.PublicKey); err != nil || made.Name != spec {
				t.Errorf("the key is %s; %v", made.Name, err)
			}
			block, rest := pem.Decode(leaf.PEM())
			if block == nil || len(rest) > 0 || !bytes.Equal(block.Bytes, leaf.X509.Raw) {
				t.Errorf("the PEM isn't the certificate: %s", leaf.PEM())
			}
		})
	}
}

// TestNotForSigning makes sure that the certificates of a cluster don't sign
// images.
func TestNotForSigning(t *testing.T) {
	authority, err := NewAuthority("test CA", "EC-256")
	if err != nil {
		t.Fatal(err)
	}
	server, err := authority.NewServer("server", "127.0.0.1", "localhost")
	if err != nil {
		t.Fatal(err)
	}
	client, err := authority.NewClient("somebody", "a group")
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	for _, certificate := range []*Certificate{server, client} {
		if corex509.ValidateCodeSigningCertChain([]*x509.Certificate{certificate.X509, authority.X509}, &now) == nil {
			t.Errorf("the certificate of %q may sign images", certificate.X509.Subject)
		}
	}
	for _, host := range []string{"127.0.0.1", "localhost"} {
		if err := server.X509.VerifyHostname(host); err != nil {
			t.Error(err)
		}
	}
}

func TestUnknownKeySpec(t *testing.T) {
	_, err := NewAuthority("test CA", "DSA-1024")
	if err == nil || !strings.Contains(hint.Text(err), "known are RSA-2048") {
		t.Errorf("the error is %v", err)
	}
}

func TestParse(t *testing.T) {
	authority, err := NewAuthority("cluster", "EC-256")
	if err != nil {
		t.Fatal(err)
	}
	other, err := NewAuthority("other", "EC-256")
	if err != nil {
		t.Fatal(err)
	}
	key, err := authority.KeyPEM()
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := Parse(authority.PEM(), key)
	if err != nil {
		t.Fatal(err)
	}
	server, err := parsed.NewServer("server", "localhost")
	if err != nil {
		t.Fatal(err)
	}
	if err := server.X509.CheckSignatureFrom(authority.X509); err != nil {
		t.Errorf("what the parsed authority vouches for: %v", err)
	}
	if _, err := Parse(other.PEM(), key); err == nil {
		t.Error("a key is taken that isn't the certificate's")
	}
	if _, err := Parse(nil, key); err == nil {
		t.Error("no certificate is taken for one")
	}
}
