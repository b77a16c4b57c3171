package image

import (
	"context"
	"errors"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"container-signing/e2e/internal/reference"
)

// at reads a reference, however broken.
func at(text string) reference.Reference {
	registry, rest, _ := strings.Cut(text, "/")
	repository, digest, isDigest := strings.Cut(rest, "@")
	if isDigest {
		return reference.Reference{Registry: registry, Repository: repository, Digest: digest}
	}
	repository, tag, _ := strings.Cut(rest, ":")
	if i := strings.LastIndex(rest, ":"); i >= 0 {
		repository, tag = rest[:i], rest[i+1:]
	}
	return reference.Reference{Registry: registry, Repository: repository, Tag: tag}
}

func derive(
	ctx context.Context, from string, to map[string]string,
) (digests map[string]string, platform string, err error) {
	targets := map[string]reference.Reference{}
	for as, target := range to {
		targets[as] = at(target)
	}
	derived, err := Derive(ctx, Direct(), at(from), targets)
	return derived.Digests, derived.Platform, err
}

// A testRegistry keeps images in memory, and what it was asked for.
type testRegistry struct {
	host   string
	answer func(w http.ResponseWriter, r *http.Request) bool // in its place, if it returns true

	mu    sync.Mutex
	asked []string
}

func newRegistry(t *testing.T) *testRegistry {
	t.Helper()
	r := &testRegistry{}
	inMemory := registry.New(registry.Logger(log.New(io.Discard, "", 0)))
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		r.mu.Lock()
		r.asked = append(r.asked, request.Method+" "+request.URL.Path)
		r.mu.Unlock()
		if r.answer == nil || !r.answer(w, request) {
			inMemory.ServeHTTP(w, request)
		}
	}))
	t.Cleanup(server.Close)
	r.host = strings.TrimPrefix(server.URL, "http://")
	return r
}

func (r *testRegistry) reference(t *testing.T, reference string) name.Reference {
	t.Helper()
	parsed, err := name.ParseReference(r.host+"/"+reference, name.Insecure)
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}

func (r *testRegistry) push(t *testing.T, reference string, what remote.Taggable) {
	t.Helper()
	var err error
	switch what := what.(type) {
	case v1.ImageIndex:
		err = remote.WriteIndex(r.reference(t, reference), what)
	case v1.Image:
		err = remote.Write(r.reference(t, reference), what)
	}
	if err != nil {
		t.Fatal(err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.asked = nil
}

func newImage(t *testing.T) v1.Image {
	t.Helper()
	image, err := random.Image(256, 2)
	if err != nil {
		t.Fatal(err)
	}
	return image
}

func digestOf(t *testing.T, image v1.Image) string {
	t.Helper()
	digest, err := image.Digest()
	if err != nil {
		t.Fatal(err)
	}
	return digest.String()
}

func platform(image v1.Image, system, architecture string) mutate.IndexAddendum {
	return mutate.IndexAddendum{Add: image, Descriptor: v1.Descriptor{
		Platform: &v1.Platform{OS: system, Architecture: architecture},
	}}
}

// newIndex returns an index in which image is the one for this machine.
func newIndex(t *testing.T, image v1.Image) v1.ImageIndex {
	t.Helper()
	return mutate.AppendManifests(empty.Index,
		mutate.IndexAddendum{Add: newImage(t)}, // of no platform
		platform(newImage(t), "unknown", "unknown"), platform(newImage(t), "windows", runtime.GOARCH),
		platform(newImage(t), "linux", "mips"), platform(image, "linux", runtime.GOARCH),
		platform(newImage(t), "linux", runtime.GOARCH))
}

func TestDerive(t *testing.T) {
	t.Parallel()
	image := newImage(t)
	for what, source := range map[string]remote.Taggable{"an image": image, "an index": newIndex(t, image)} {
		r := newRegistry(t)
		r.push(t, "app:signed", source)
		digests, child, err := derive(t.Context(), r.host+"/app:signed", map[string]string{
			"unsigned": r.host + "/app:unsigned", "another": r.host + "/app:another",
		})
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		want := ""
		if what == "an index" {
			want = digestOf(t, image)
		}
		if child != want {
			t.Errorf("%s: the child is %q, not %q", what, child, want)
		}
		if len(digests) != 2 || digests["unsigned"] == digests["another"] || digests["unsigned"] == digestOf(t, image) {
			t.Errorf("%s: the digests are %v", what, digests)
		}
		for as, digest := range digests {
			r.check(t, as, digest, image)
		}
		for _, asked := range r.asked {
			if !strings.HasPrefix(asked, "GET ") && !strings.HasPrefix(asked, "HEAD ") &&
				!strings.HasPrefix(asked, "PUT /v2/app/manifests/") {
				t.Errorf("%s: more than manifests was pushed: %s", what, asked)
			}
		}
	}
}

// check wants the image of a role to have the content of another and a digest
// of its own.
func (r *testRegistry) check(t *testing.T, as, digest string, same v1.Image) {
	t.Helper()
	derived, err := remote.Image(r.reference(t, "app:"+as))
	if err != nil {
		t.Fatal(err)
	}
	if got := digestOf(t, derived); got != digest {
		t.Errorf("%s: the registry has %s, not %s", as, got, digest)
	}
	manifest, err := derived.Manifest()
	if err != nil {
		t.Fatal(err)
	}
	original, err := same.Manifest()
	if err != nil {
		t.Fatal(err)
	}
	if manifest.Annotations[role] != as || manifest.Config.Digest != original.Config.Digest ||
		len(manifest.Layers) != len(original.Layers) || manifest.Layers[0].Digest != original.Layers[0].Digest {
		t.Errorf("%s: the manifest is %+v", as, manifest)
	}
}

// TestDeriveAgain gets the same digests: a run that is repeated finds its
// images again.
func TestDeriveAgain(t *testing.T) {
	t.Parallel()
	r := newRegistry(t)
	r.push(t, "app:signed", newImage(t))
	var first string
	for range 2 {
		target := map[string]string{"unsigned": r.host + "/app:unsigned"}
		digests, _, err := derive(t.Context(), r.host+"/app:signed", target)
		if err != nil {
			t.Fatal(err)
		}
		if first != "" && digests["unsigned"] != first {
			t.Errorf("got %s after %s", digests["unsigned"], first)
		}
		first = digests["unsigned"]
	}
}

func TestDeriveRefuses(t *testing.T) {
	t.Parallel()
	r := newRegistry(t)
	r.push(t, "app:signed", newImage(t))
	r.push(t, "app:windows", mutate.AppendManifests(empty.Index, platform(newImage(t), "windows", runtime.GOARCH)))
	r.push(t, "app:empty", empty.Index)
	to := func(reference string) map[string]string { return map[string]string{"unsigned": reference} }
	target := to(r.host + "/app:unsigned")
	for title, c := range map[string]struct {
		reference string
		targets   map[string]string
		says      string
	}{
		"no reference":        {"", target, `deriving images from "/": `},
		"a URL":               {"http://" + r.host + "/app:signed", target, "deriving images from "},
		"no such tag":         {r.host + "/app:none", target, "MANIFEST_UNKNOWN"},
		"no such repository":  {r.host + "/none:signed", target, "NAME_UNKNOWN"},
		"nobody there":        {"127.0.0.1:1/app:signed", target, "connection refused"},
		"another platform":    {r.host + "/app:windows", target, "it has [windows/" + runtime.GOARCH + "]"},
		"an empty index":      {r.host + "/app:empty", target, "has nothing for linux/" + runtime.GOARCH},
		"a digest for target": {r.host + "/app:signed", to(r.host + "/app@sha256:11"), `deriving image "`},
		"capitals for target": {r.host + "/app:signed", to(r.host + "/APP:x"), "deriving image "},
		"no one for target":   {r.host + "/app:signed", to("127.0.0.1:1/app:x"), "connection refused"},
	} {
		digests, child, err := derive(t.Context(), c.reference, c.targets)
		if err == nil || !strings.Contains(err.Error(), c.says) || digests != nil || child != "" {
			t.Errorf("%s: got %v, %q and %v, not %q", title, digests, child, err, c.says)
		}
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	r.asked = nil
	_, _, err := derive(ended, r.host+"/app:signed", target)
	if !errors.Is(err, context.Canceled) || len(r.asked) > 0 {
		t.Errorf("after its end: %v, and the registry was asked %q", err, r.asked)
	}
}

// TestDeriveFromLiar refuses content that isn't what its digest says, and
// answers that are no manifests.
func TestDeriveFromLiar(t *testing.T) {
	t.Parallel()
	image := newImage(t)
	for title, c := range map[string]struct {
		path   string
		answer func(http.ResponseWriter)
		says   string
	}{
		"another child": {"/v2/app/manifests/" + digestOf(t, image), func(w http.ResponseWriter) {
			w.Header().Set("Content-Type", "application/vnd.docker.distribution.manifest.v2+json")
			_, _ = io.WriteString(w, `{"schemaVersion": 2, "config": {}, "layers": []}`)
		}, "does not match requested digest"},
		"no manifest": {"/v2/app/manifests/signed", func(w http.ResponseWriter) {
			w.Header().Set("Content-Type", "application/vnd.oci.image.index.v1+json")
			_, _ = io.WriteString(w, "<html>")
		}, "invalid character '<'"},
		"a fault": {"/v2/app/manifests/signed", func(w http.ResponseWriter) {
			http.Error(w, "out of order", http.StatusForbidden)
		}, "403 Forbidden"},
	} {
		r := newRegistry(t)
		r.push(t, "app:signed", newIndex(t, image))
		r.answer = func(w http.ResponseWriter, request *http.Request) bool {
			if request.URL.Path != c.path || request.Method != http.MethodGet {
				return false
			}
			c.answer(w)
			return true
		}
		target := map[string]string{"unsigned": r.host + "/app:unsigned"}
		_, _, err := derive(t.Context(), r.host+"/app:signed", target)
		if err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: got %v, want %q", title, err, c.says)
		}
		for _, asked := range r.asked {
			if strings.HasPrefix(asked, "PUT ") {
				t.Errorf("%s: all the same %s", title, asked)
			}
		}
	}
}
