package canary_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/validate"

	"container-signing/plugin/image-verifier/internal/canary"
)

// TestServe pulls the canary whole, with somebody else's client.
func TestServe(t *testing.T) {
	var ids []string
	for range 2 {
		served, err := canary.Serve()
		if err != nil {
			t.Fatal(err)
		}
		reference, err := name.ParseReference(served.Reference, name.Insecure)
		if err != nil {
			t.Fatal(err)
		}
		image, err := remote.Image(reference)
		if err != nil {
			t.Fatal(err)
		}
		if err := validate.Image(image, validate.Fast); err != nil {
			t.Error(err)
		}
		digest, err := image.Digest()
		if err != nil {
			t.Fatal(err)
		}
		id, err := image.ConfigName()
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, id.String())
		if signatures, err := remote.Referrers(reference.Context().Digest(digest.String())); err == nil {
			if manifest, err := signatures.IndexManifest(); err != nil || len(manifest.Manifests) > 0 {
				t.Errorf("it has signatures: %v (%v)", manifest, err)
			}
		}
		if err := served.Close(); err != nil {
			t.Error(err)
		}
		if _, err := remote.Image(reference); err == nil {
			t.Error("it is served on")
		}
	}
	if ids[0] == ids[1] {
		t.Error("two canaries are one image")
	}
}

// TestServeNothingElse takes nothing, and has no other path.
func TestServeNothingElse(t *testing.T) {
	served, err := canary.Serve()
	if err != nil {
		t.Fatal(err)
	}
	defer served.Close()
	registry, _, _ := strings.Cut(served.Reference, "/")
	for _, call := range []struct{ method, path string }{
		{http.MethodGet, "/v2/other/manifests/unsigned"},
		{http.MethodGet, "/v2/container-signing/canary/manifests/signed"},
		{http.MethodPut, "/v2/container-signing/canary/manifests/unsigned"},
		{http.MethodGet, "/v2/container-signing/canary/blobs/../../../etc/passwd"},
	} {
		request, err := http.NewRequestWithContext(t.Context(), call.method, "http://"+registry+call.path, nil)
		if err != nil {
			t.Fatal(err)
		}
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		if response.StatusCode != http.StatusNotFound {
			t.Errorf("%v: %s", call, response.Status)
		}
	}
}
