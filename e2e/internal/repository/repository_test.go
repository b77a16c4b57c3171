package repository

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"

	"container-signing/e2e/internal/reference"
	"container-signing/e2e/internal/registry/registrytest"
	"container-signing/internal/hint"
)

func at(registry, repository, tag string) reference.Reference {
	return reference.Reference{Registry: registry, Repository: repository, Tag: tag, PlainHTTP: true}
}

// TestSignatures finds what refers to an image as a signature, and nothing
// else.
func TestSignatures(t *testing.T) {
	registry := registrytest.Start(t)
	signed, other := at(registry, "team/app", "1"), at(registry, "team/app", "2")
	digest := registrytest.Push(t, signed.String(), registrytest.NewImage(t))
	registrytest.Push(t, other.String(), registrytest.NewImage(t))
	want := []string{
		registrytest.Attach(t, signed.String(), registrytest.SignatureType, "one"),
		registrytest.Attach(t, signed.String(), registrytest.SignatureType, "another"),
	}
	slices.Sort(want)
	registrytest.Attach(t, signed.String(), "application/spdx+json", "no signature")
	registrytest.Attach(t, other.String(), registrytest.SignatureType, "of another image")
	for _, image := range []reference.Reference{signed, signed.ByDigest(digest)} {
		got, err := Direct().Digest(t.Context(), image)
		if err != nil || got != digest {
			t.Errorf("%s has the digest %s, not %s (%v)", image, got, digest, err)
		}
		if got, err := Direct().Signatures(t.Context(), image); err != nil || !slices.Equal(got, want) {
			t.Errorf("%s has the signatures %v, not %v (%v)", image, got, want, err)
		}
	}
	if all, err := Direct().Repositories(t.Context(), registry, true); err != nil ||
		!slices.Equal(all, []string{"team/app"}) {
		t.Errorf("the registry holds %v (%v)", all, err)
	}
}

// TestMissing names the image that isn't there, and the registry that isn't.
func TestMissing(t *testing.T) {
	registry := registrytest.Start(t)
	registrytest.Push(t, registry+"/app:1", registrytest.NewImage(t))
	for image, words := range map[reference.Reference]string{
		at(registry, "app", "2"):      "not found",
		at(registry, "missing", "1"):  "not found",
		at("127.0.0.1:1", "app", "1"): "connection refused",
		{Layout: t.TempDir() + "/no"}: "no such file or directory",
	} {
		for name, look := range map[string]func() error{
			"digest":     func() error { _, err := Direct().Digest(t.Context(), image); return err },
			"signatures": func() error { _, err := Direct().Signatures(t.Context(), image); return err },
		} {
			err := look()
			if err == nil || !strings.Contains(err.Error(), `resolving image "`+image.String()+`"`) ||
				!strings.Contains(err.Error(), words) {
				t.Errorf("%s of %s: %v", name, image, err)
			}
		}
	}
	if _, err := Direct().Repositories(t.Context(), "127.0.0.1:1", true); err == nil ||
		!strings.Contains(err.Error(), `registry "127.0.0.1:1"`) {
		t.Errorf("repositories of nothing: %v", err)
	}
}

// TestLayout reads an OCI image layout.
func TestLayout(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "layout")
	image := registrytest.NewImage(t)
	path, err := layout.Write(folder, empty.Index)
	if err == nil {
		err = path.AppendImage(image,
			layout.WithAnnotations(map[string]string{"org.opencontainers.image.ref.name": "1"}))
	}
	if err != nil {
		t.Fatal(err)
	}
	want, err := image.Digest()
	if err != nil {
		t.Fatal(err)
	}
	named := reference.Reference{Layout: folder, Tag: "1"}
	if got, err := Direct().Digest(t.Context(), named); err != nil || got != want.String() {
		t.Errorf("it has the digest %s, not %s (%v)", got, want, err)
	}
	if got, err := Direct().Signatures(t.Context(), named); err != nil || len(got) > 0 {
		t.Errorf("it has the signatures %v (%v)", got, err)
	}
}

// locked is a registry that wants credentials, and keeps those that it got.
func locked(t *testing.T) (address string, got func() []string) {
	t.Helper()
	var all []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		all = append(all, r.Header.Get("Authorization"))
		w.Header().Set("WWW-Authenticate", `Basic realm="tests"`)
		w.WriteHeader(http.StatusUnauthorized)
	}))
	t.Cleanup(server.Close)
	return strings.TrimPrefix(server.URL, "http://"), func() []string { return all }
}

// TestCredentials uses the user's for the user's registries, and never for
// those of a run.
func TestCredentials(t *testing.T) {
	address, got := locked(t)
	docker := t.TempDir()
	t.Setenv("DOCKER_CONFIG", docker)
	reader, err := AsUser()
	if err != nil {
		t.Fatal(err)
	}
	_, err = reader.Digest(t.Context(), at(address, "app", "1"))
	if err == nil ||
		!strings.Contains(hint.Text(err), "hint: `docker login "+address+"`, which writes them to \""+docker) {
		t.Errorf("without credentials: %v", err)
	}
	config := `{"auths": {"` + address + `": {"auth": "dXNlcjpwYXNzd29yZA=="}}}`
	if err := os.WriteFile(filepath.Join(docker, "config.json"), []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	if reader, err = AsUser(); err != nil {
		t.Fatal(err)
	}
	if _, err = reader.Digest(t.Context(), at(address, "app", "1")); err == nil ||
		!strings.Contains(err.Error(), "401") {
		t.Errorf("with credentials that are wrong: %v", err)
	}
	if sent := got(); !slices.Contains(sent, "Basic dXNlcjpwYXNzd29yZA==") {
		t.Errorf("sent are %q", sent)
	}
	before := len(got())
	if _, err = Direct().Digest(t.Context(), at(address, "app", "1")); err == nil {
		t.Error("a locked registry answers a reader without credentials")
	}
	for _, sent := range got()[before:] {
		if sent != "" {
			t.Errorf("the user's credentials went to a registry of the run: %s", sent)
		}
	}
}

// TestWithoutHome says what to do where docker's configuration can't be found.
func TestWithoutHome(t *testing.T) {
	t.Setenv("DOCKER_CONFIG", "")
	t.Setenv("HOME", "")
	if _, err := AsUser(); err == nil || !strings.Contains(hint.Text(err),
		"hint: set HOME, or name the folder of docker's config.json in DOCKER_CONFIG") {
		t.Errorf("without HOME: %v", err)
	}
}

// TestProxy goes past the proxy of the environment to the registries of a run.
func TestProxy(t *testing.T) {
	t.Setenv("HTTP_PROXY", "http://127.0.0.1:1")
	request, err := http.NewRequestWithContext(context.Background(), http.MethodGet, "http://192.0.2.1:5002/v2/", nil)
	if err != nil {
		t.Fatal(err)
	}
	transport := directHTTP()
	if transport.Proxy != nil {
		proxy, err := transport.Proxy(request)
		t.Errorf("the proxy is %v (%v)", proxy, err)
	}
}
