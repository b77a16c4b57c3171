// Package registrytest runs registries inside of tests, without any tool that
// has to be built, and puts images and signatures into them as an intruder
// could.
package registrytest

import (
	"io"
	"log"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// SignatureType is the artifact type of a Notation signature.
const SignatureType = "application/vnd.cncf.notary.signature"

// Start starts an empty registry with the Referrers API, and returns its
// address.
func Start(t testing.TB) string {
	t.Helper()
	server := httptest.NewServer(registry.New(registry.WithReferrersSupport(true),
		registry.Logger(log.New(io.Discard, "", 0))))
	t.Cleanup(server.Close)
	return strings.TrimPrefix(server.URL, "http://")
}

// NewImage makes an image with content of its own.
func NewImage(t testing.TB) v1.Image {
	t.Helper()
	image, err := random.Image(64, 1)
	if err != nil {
		t.Fatal(err)
	}
	return mutate.ConfigMediaType(mutate.MediaType(image, types.OCIManifestSchema1), types.OCIConfigJSON)
}

// Push pushes an image, and returns its digest.
func Push(t testing.TB, reference string, image v1.Image) string {
	t.Helper()
	parsed, err := name.ParseReference(reference, name.Insecure)
	if err == nil {
		err = remote.Write(parsed, image)
	}
	if err != nil {
		t.Fatal(err)
	}
	digest, err := image.Digest()
	if err != nil {
		t.Fatal(err)
	}
	return digest.String()
}

// Attach pushes something of an artifact type that refers to an image there:
// with [SignatureType] it looks like a signature. Its words make it another one.
// It returns its digest.
func Attach(t testing.TB, reference, artifactType, words string) string {
	t.Helper()
	parsed, err := name.ParseReference(reference, name.Insecure)
	if err != nil {
		t.Fatal(err)
	}
	subject, err := remote.Head(parsed)
	if err != nil {
		t.Fatal(err)
	}
	artifact := mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1),
		types.MediaType(artifactType))
	artifact = mutate.Annotations(artifact, map[string]string{"words": words}).(v1.Image)
	artifact = mutate.Subject(artifact, *subject).(v1.Image)
	digest, err := artifact.Digest()
	if err == nil {
		err = remote.Write(parsed.Context().Digest(digest.String()), artifact)
	}
	if err != nil {
		t.Fatal(err)
	}
	return digest.String()
}
