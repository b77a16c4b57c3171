package forgery

import (
	"context"
	"crypto/x509"
	"errors"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-containerregistry/pkg/registry"
	"github.com/notaryproject/notation-go"
	notationregistry "github.com/notaryproject/notation-go/registry"
	notationsigner "github.com/notaryproject/notation-go/signer"
	"github.com/notaryproject/notation-go/verifier"
	"github.com/notaryproject/notation-go/verifier/trustpolicy"
	"github.com/notaryproject/notation-go/verifier/truststore"
	specs "github.com/opencontainers/image-spec/specs-go/v1"

	"oras.land/oras-go/v2/errdef"

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
		Name: "strict", RegistryScopes: []string{"*"},
		TrustStores: []string{"ca:test"}, TrustedIdentities: []string{"*"},
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

// A world is who signs well, and in which envelope.
type world struct {
	chain []*x509.Certificate
	with  Means
	media string
}

// certified is a signer by a CA.
func certified(t *testing.T, media string) world {
	t.Helper()
	authority, err := pki.NewAuthority("CA", "EC-256")
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := authority.NewSigner("signer", "EC-256")
	if err != nil {
		t.Fatal(err)
	}
	return world{[]*x509.Certificate{leaf.X509, authority.X509}, Means{leaf, authority}, media}
}

// lone is a signer who vouches for itself, as a signing service without a CA
// does.
func lone(t *testing.T) world {
	t.Helper()
	leaf, err := issue(nil, pki.Signer("signer"))
	if err != nil {
		t.Fatal(err)
	}
	return world{[]*x509.Certificate{leaf.X509}, Means{Signer: leaf}, jwsType}
}

func (w world) root() *x509.Certificate { return w.chain[len(w.chain)-1] }

// sign is a good signature of an image, made by notation's own library.
func (w world) sign(t *testing.T, of specs.Descriptor) []byte {
	t.Helper()
	signer, err := notationsigner.NewGenericSigner(w.with.Signer.Key, w.chain)
	if err != nil {
		t.Fatal(err)
	}
	envelope, _, err := signer.Sign(t.Context(), of, notation.SignerSignOptions{SignatureMediaType: w.media})
	if err != nil {
		t.Fatal(err)
	}
	return envelope
}

// newPlace is a registry with an image that is signed well.
func newPlace(t *testing.T, by world) Place {
	t.Helper()
	return newPlaceIn(t, by, registry.New(registry.Logger(log.New(io.Discard, "", 0))))
}

func newPlaceIn(t *testing.T, by world, handler http.Handler) Place {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	signed := reference.Reference{
		Registry: strings.TrimPrefix(server.URL, "http://"), Repository: "app", Tag: "1", PlainHTTP: true,
	}
	registrytest.Push(t, signed.String(), registrytest.NewImage(t))
	place := Place{
		Access: image.Direct(), Reader: repository.Direct(), Signed: signed,
		At: func(name string) reference.Reference {
			at := signed
			at.Tag += "-" + name
			return at
		},
	}
	b := bench{repository: place.Reader.Repository(signed)}
	var err error
	if b.image, err = b.repository.Resolve(t.Context(), signed.Tag); err != nil {
		t.Fatal(err)
	}
	if err := b.attach(t.Context(), by.media, by.sign(t, b.image)); err != nil {
		t.Fatal(err)
	}
	return place
}

// TestPush has notation's own library refuse each forgery, for its reason.
func TestPush(t *testing.T) {
	for name, by := range map[string]world{
		"JWS": certified(t, jwsType), "COSE": certified(t, coseType), "a signer without a CA": lone(t),
	} {
		t.Run(name, func(t *testing.T) {
			place := newPlace(t, by)
			digest, err := place.Reader.Digest(t.Context(), place.Signed)
			if err != nil {
				t.Fatal(err)
			}
			if err := strict(t, place, by.root(), digest); err != nil {
				t.Fatalf("what is signed well is refused: %v", err)
			}
			forgeries := Possible(by.with)
			digests, err := Push(t.Context(), place, by.with, forgeries)
			if err != nil {
				t.Fatal(err)
			}
			for _, one := range forgeries {
				err := strict(t, place, by.root(), digests[one.Name])
				switch {
				case one.Fault == "" && err != nil:
					t.Errorf("%s is refused: %v", one.Name, err)
				case one.Fault != "" && (err == nil || !strings.Contains(err.Error(), one.Because)):
					t.Errorf("%s isn't refused because %q: %v", one.Name, one.Because, err)
				}
			}
		})
	}
}

// pushed notes the digests of all manifests that a registry takes.
type pushed struct {
	http.Handler
	mu      sync.Mutex
	digests []string
}

func (p *pushed) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.Handler.ServeHTTP(w, r)
	if digest := w.Header().Get("Docker-Content-Digest"); r.Method == http.MethodPut && digest != "" {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.digests = append(p.digests, digest)
	}
}

// TestEmptied has all that is forged be found again by who empties the
// repository.
func TestEmptied(t *testing.T) {
	p := &pushed{Handler: registry.New(registry.Logger(log.New(io.Discard, "", 0)))}
	by := certified(t, jwsType)
	place := newPlaceIn(t, by, p)
	if _, err := Push(t.Context(), place, by.with, All()); err != nil {
		t.Fatal(err)
	}
	if err := place.Reader.Empty(t.Context(), place.Signed); err != nil {
		t.Fatal(err)
	}
	if len(p.digests) < len(All()) {
		t.Errorf("only %d manifests were pushed", len(p.digests))
	}
	in := place.Reader.Repository(place.Signed)
	for _, digest := range p.digests {
		_, err := in.Resolve(t.Context(), digest)
		if !errors.Is(err, errdef.ErrNotFound) {
			t.Errorf("%s stays: %v", digest, err)
		}
	}
}
