package repository

import (
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"testing"

	"container-signing/e2e/internal/reference"
	"container-signing/e2e/internal/registry/registrytest"
	"container-signing/internal/hint"
)

func tagged(registry, tag string) reference.Reference {
	return reference.Reference{Registry: registry, Repository: "scratch", Tag: tag, PlainHTTP: true}
}

// TestEmpty deletes what has a tag and what refers to it, and nothing elsewhere.
// This registry keeps tags of what isn't there any more.
func TestEmpty(t *testing.T) {
	registry, reader := registrytest.Start(t), Direct()
	if tags, err := reader.Tags(t.Context(), tagged(registry, "1")); err != nil || len(tags) > 0 {
		t.Errorf("a repository that isn't there has the tags %v (%v)", tags, err)
	}
	elsewhere := tagged(registry, "1")
	elsewhere.Repository = "kept"
	for _, image := range []reference.Reference{tagged(registry, "1"), tagged(registry, "2"), elsewhere} {
		registrytest.Push(t, image.String(), registrytest.NewImage(t))
		registrytest.Attach(t, image.String(), registrytest.SignatureType, "of "+image.String())
	}
	var digests []string
	for _, tag := range []string{"1", "2"} {
		digest, err := reader.Digest(t.Context(), tagged(registry, tag))
		if err != nil {
			t.Fatal(err)
		}
		signatures, err := reader.Signatures(t.Context(), tagged(registry, tag))
		if err != nil {
			t.Fatal(err)
		}
		digests = append(append(digests, digest), signatures...)
	}
	if err := reader.Empty(t.Context(), tagged(registry, "1")); err != nil {
		t.Fatal(err)
	}
	for _, digest := range digests {
		if _, err := reader.Digest(t.Context(), tagged(registry, "").ByDigest(digest)); err == nil {
			t.Errorf("%s is there", digest)
		}
	}
	if signatures, err := reader.Signatures(t.Context(), elsewhere); err != nil || len(signatures) != 1 {
		t.Errorf("in another repository there are the signatures %v (%v)", signatures, err)
	}
}

func TestDeleteSignatures(t *testing.T) {
	registry, reader := registrytest.Start(t), Direct()
	image := tagged(registry, "1")
	digest := registrytest.Push(t, image.String(), registrytest.NewImage(t))
	registrytest.Attach(t, image.String(), registrytest.SignatureType, "first")
	registrytest.Attach(t, image.String(), registrytest.SignatureType, "second")
	registrytest.Attach(t, image.String(), "application/spdx+json", "no signature")
	if err := reader.DeleteSignatures(t.Context(), image); err != nil {
		t.Fatal(err)
	}
	if signatures, err := reader.Signatures(t.Context(), image); err != nil || len(signatures) > 0 {
		t.Errorf("left are the signatures %v (%v)", signatures, err)
	}
	if found, err := reader.Digest(t.Context(), image); err != nil || found != digest {
		t.Errorf("the image is %s (%v)", found, err)
	}
}

// TestEmptyRefused says what is left behind in a registry that deletes nothing.
func TestEmptyRefused(t *testing.T) {
	behind := registrytest.Start(t)
	registrytest.Push(t, tagged(behind, "left").String(), registrytest.NewImage(t))
	proxy := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: behind})
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodDelete {
			w.WriteHeader(http.StatusMethodNotAllowed)
			return
		}
		proxy.ServeHTTP(w, r)
	}))
	t.Cleanup(front.Close)
	err := Direct().Empty(t.Context(), tagged(strings.TrimPrefix(front.URL, "http://"), "left"))
	if err == nil {
		t.Fatal("it says nothing")
	}
	for _, words := range []string{"left behind", "405", "hint: delete its tags left"} {
		if !strings.Contains(hint.Text(err), words) {
			t.Errorf("it doesn't say %q: %s", words, hint.Text(err))
		}
	}
}
