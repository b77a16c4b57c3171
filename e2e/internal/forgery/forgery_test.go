package forgery

import (
	"context"
	"crypto/x509"
	"errors"
	"io"
	"log"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/registry"
	"github.com/notaryproject/notation-go"
	notationregistry "github.com/notaryproject/notation-go/registry"
	"github.com/notaryproject/notation-go/verifier"
	"github.com/notaryproject/notation-go/verifier/trustpolicy"
	"github.com/notaryproject/notation-go/verifier/truststore"

	"container-signing/e2e/internal/image"
	"container-signing/e2e/internal/reference"
	"container-signing/e2e/internal/registry/registrytest"
	"container-signing/e2e/internal/repository"
	"container-signing/internal/pki"
)

// trusted is a trust store with one CA.
type trusted []*x509.Certificate

func (t trusted) GetCertificates(_ context.Context, kind truststore.Type, _ string) ([]*x509.Certificate, error) {
	if kind == truststore.TypeCA {
		return t, nil
	}
	return nil, errors.New("there is no such store")
}

// strict is what notation's library says of an image, at the strictest level.
func strict(t *testing.T, place Place, ca *x509.Certificate, digest string) error {
	t.Helper()
	v, err := verifier.New(&trustpolicy.Document{Version: "1.0", TrustPolicies: []trustpolicy.TrustPolicy{{
		Name: "strict", RegistryScopes: []string{"*"}, TrustStores: []string{"ca:test"}, TrustedIdentities: []string{"*"},
		SignatureVerification: trustpolicy.SignatureVerification{VerificationLevel: trustpolicy.LevelStrict.Name},
	}}}, trusted{ca}, nil)
	if err != nil {
		t.Fatal(err)
	}
	at := place.Signed.ByDigest(digest)
	_, outcomes, err := notation.Verify(t.Context(), v, notationregistry.NewRepository(place.Reader.Repository(at)),
		notation.VerifyOptions{ArtifactReference: at.String(), MaxSignatureAttempts: 100})
	for _, outcome := range outcomes {
		err = errors.Join(err, outcome.Error)
	}
	return err
}

func newPlace(t *testing.T) (Place, Means) {
	t.Helper()
	quiet := registry.Logger(log.New(io.Discard, "", 0))
	server := httptest.NewServer(registry.New(quiet))
	t.Cleanup(server.Close)
	signed := reference.Reference{
		Registry: strings.TrimPrefix(server.URL, "http://"), Repository: "app", Tag: "1", PlainHTTP: true,
	}
	registrytest.Push(t, signed.String(), registrytest.NewImage(t))
	authority, err := pki.NewAuthority("CA", "EC-256")
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := authority.NewSigner("signer", "EC-256")
	if err != nil {
		t.Fatal(err)
	}
	place := Place{
		Access: image.Direct(), Reader: repository.Direct(), Signed: signed,
		At: func(name string) reference.Reference {
			at := signed
			at.Tag += "-" + name
			return at
		},
	}
	b := bench{repository: place.Reader.Repository(signed)}
	if b.image, err = b.repository.Resolve(t.Context(), signed.Tag); err != nil {
		t.Fatal(err)
	}
	chain := []*x509.Certificate{leaf.X509, authority.X509}
	envelope, err := claimed(b.image, identity{chain, leaf.Key})
	if err != nil {
		t.Fatal(err)
	}
	if err := b.attach(t.Context(), jwsType, envelope); err != nil {
		t.Fatal(err)
	}
	return place, Means{Signer: leaf, Authority: authority}
}

// TestPush has notation's own library refuse each forgery, for its reason.
func TestPush(t *testing.T) {
	place, with := newPlace(t)
	digest, err := place.Reader.Digest(t.Context(), place.Signed)
	if err != nil {
		t.Fatal(err)
	}
	if err := strict(t, place, with.Authority.X509, digest); err != nil {
		t.Fatalf("what is signed well is refused: %v", err)
	}
	digests, err := Push(t.Context(), place, with, All())
	if err != nil {
		t.Fatal(err)
	}
	for _, one := range All() {
		err := strict(t, place, with.Authority.X509, digests[one.Name])
		switch {
		case one.Fault == "" && err != nil:
			t.Errorf("%s is refused: %v", one.Name, err)
		case one.Fault != "" && (err == nil || !strings.Contains(err.Error(), one.Because)):
			t.Errorf("%s isn't refused because %q: %v", one.Name, one.Because, err)
		}
	}
}
