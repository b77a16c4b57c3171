package keyspec_test

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"slices"
	"strings"
	"testing"

	"github.com/notaryproject/notation-core-go/signature"
	"github.com/notaryproject/notation-core-go/signature/cose"
	"github.com/notaryproject/notation-core-go/signature/jws"
	"github.com/notaryproject/notation-plugin-framework-go/plugin"

	"container-signing/internal/hint"
	"container-signing/internal/keyspec"
	"container-signing/internal/pki"
	"container-signing/internal/pki/pkitest"
)

// TestNames compares the list with the names that the plugin contract has.
func TestNames(t *testing.T) {
	want := map[plugin.KeySpec]struct {
		hash      plugin.HashAlgorithm
		algorithm plugin.SignatureAlgorithm
		size      int
	}{
		plugin.KeySpecRSA2048: {plugin.HashAlgorithmSHA256, plugin.SignatureAlgorithmRSASSA_PSS_SHA256, 256},
		plugin.KeySpecRSA3072: {plugin.HashAlgorithmSHA384, plugin.SignatureAlgorithmRSASSA_PSS_SHA384, 384},
		plugin.KeySpecRSA4096: {plugin.HashAlgorithmSHA512, plugin.SignatureAlgorithmRSASSA_PSS_SHA512, 512},
		plugin.KeySpecEC256:   {plugin.HashAlgorithmSHA256, plugin.SignatureAlgorithmECDSA_SHA256, 64},
		plugin.KeySpecEC384:   {plugin.HashAlgorithmSHA384, plugin.SignatureAlgorithmECDSA_SHA384, 96},
		plugin.KeySpecEC521:   {plugin.HashAlgorithmSHA512, plugin.SignatureAlgorithmECDSA_SHA512, 132},
	}
	if got := len(keyspec.All()); got != len(want) {
		t.Errorf("%d key specs, not %d", got, len(want))
	}
	for name, want := range want {
		spec, err := keyspec.Named(string(name))
		if err != nil {
			t.Error(err)
			continue
		}
		hash, algorithm := plugin.HashAlgorithm(spec.Hash.String()), plugin.SignatureAlgorithm(spec.SigningAlgorithm)
		if hash != want.hash || algorithm != want.algorithm || spec.SignatureSize() != want.size {
			t.Errorf("%s: %s, %s, %d bytes", name, hash, algorithm, spec.SignatureSize())
		}
		if found, ok := keyspec.OfSignature(want.size); !ok || found.Name != string(name) {
			t.Errorf("a signature of %d bytes is by %s, %v", want.size, found.Name, ok)
		}
	}
	for _, size := range []int{0, 1, 63, 65, 128, 1024} {
		if found, ok := keyspec.OfSignature(size); ok {
			t.Errorf("a signature of %d bytes is taken for one by %s", size, found.Name)
		}
	}
}

// TestUnknown lists what there is.
func TestUnknown(t *testing.T) {
	for _, name := range []string{"", "RSA-1024", "rsa-2048", "EC-256 ", "P-256", "EC-224\n"} {
		_, err := keyspec.Named(name)
		if err == nil {
			t.Errorf("%q is known", name)
			continue
		}
		text := hint.Text(err)
		if strings.Count(text, "\n") != 1 || !strings.Contains(text, "\nhint: known are RSA-2048") {
			t.Errorf("%q: %q", name, text)
		}
	}
	_, edKey, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for name, key := range map[string]any{
		"RSA-1024": pkitest.Key(t, "RSA-1024").Public(), "EC-224": pkitest.Key(t, "EC-224").Public(),
		"ed25519.PublicKey": edKey.Public(), "<nil>": nil,
	} {
		if _, err := keyspec.Of(key); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := keyspec.Sign(edKey, []byte("payload")); err == nil {
		t.Error("an Ed25519 key signs")
	}
}

// TestAllIsACopy keeps a caller from changing the list for others.
func TestAllIsACopy(t *testing.T) {
	keyspec.All()[0].Name = "changed"
	if slices.Contains(keyspec.Names(), "changed") {
		t.Error("the list can be changed")
	}
}

// signer lends Sign to the library that makes Notation's envelopes.
type signer struct {
	key   *pki.Certificate
	chain []*x509.Certificate
}

func (s signer) Sign(payload []byte) ([]byte, []*x509.Certificate, error) {
	raw, err := keyspec.Sign(s.key.Key, payload)
	return raw, s.chain, err
}

func (s signer) KeySpec() (signature.KeySpec, error) { return signature.ExtractKeySpec(s.key.X509) }

// TestSign has Notation's own library verify what each kind of key signs, in both
// formats.
func TestSign(t *testing.T) {
	for _, spec := range keyspec.Names() {
		t.Run(spec, func(t *testing.T) {
			t.Parallel()
			root := pkitest.Root(t, "root")
			leaf := pkitest.Leaf(t, root, "leaf", pkitest.Key(t, spec))
			const contentType = "application/vnd.cncf.notary.payload.v1+json"
			request := &signature.SignRequest{
				Payload:       signature.Payload{ContentType: contentType, Content: []byte("{}")},
				Signer:        signer{leaf, []*x509.Certificate{leaf.X509, root.X509}},
				SigningTime:   leaf.X509.NotBefore,
				SigningScheme: signature.SigningSchemeX509,
			}
			for _, format := range []string{jws.MediaTypeEnvelope, cose.MediaTypeEnvelope} {
				envelope, err := signature.NewEnvelope(format)
				if err != nil {
					t.Fatal(err)
				}
				if _, err := envelope.Sign(request); err != nil {
					t.Errorf("%s: %v", format, err)
					continue
				}
				if _, err := envelope.Verify(); err != nil {
					t.Errorf("%s: %v", format, err)
				}
			}
		})
	}
}
