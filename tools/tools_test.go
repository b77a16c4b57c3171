package tools

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/validate"
)

// emptyCache gives a test a cache of its own. What the go command has compiled
// is reused, so that a build there is little more than linking.
func emptyCache(t *testing.T) string {
	t.Helper()
	compiled, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	if os.Getenv("GOCACHE") == "" {
		t.Setenv("GOCACHE", filepath.Join(compiled, "go-build"))
	}
	dir := t.TempDir()
	t.Setenv("XDG_CACHE_HOME", dir)
	return filepath.Join(dir, "container-signing", "tools")
}

// left lists what a cache holds beside its locks.
func left(t *testing.T, cache string) []string {
	t.Helper()
	entries, err := os.ReadDir(cache)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, entry := range entries {
		if !strings.HasSuffix(entry.Name(), ".lock") {
			names = append(names, entry.Name())
		}
	}
	return names
}

// onFirstWrite calls a function when something is written to it.
type onFirstWrite struct {
	once sync.Once
	call func()
}

func (w *onFirstWrite) Write(p []byte) (int, error) {
	w.once.Do(w.call)
	return len(p), nil
}

func TestBuildIsReused(t *testing.T) {
	cache := emptyCache(t)
	var first, second bytes.Buffer
	built, err := Build(t.Context(), &first, "oras")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(first.String(), "tool 1 of 1: oras") {
		t.Errorf("the first build doesn't say what it builds: %q", &first)
	}
	again, err := Build(t.Context(), &second, "oras")
	if err != nil {
		t.Fatal(err)
	}
	if built["oras"] != again["oras"] || second.Len() > 0 {
		t.Errorf("the second build isn't the first: %s, then %s, saying %q", built["oras"], again["oras"], &second)
	}
	if names := left(t, cache); len(names) != 1 {
		t.Errorf("the cache holds %v, not just oras", names)
	}

	if err := os.Remove(built["oras"]); err != nil {
		t.Fatal(err)
	}
	if repaired, err := Build(t.Context(), io.Discard, "oras"); err != nil {
		t.Fatal(err)
	} else if _, err := os.Stat(repaired["oras"]); err != nil {
		t.Errorf("a program that somebody removed isn't built again: %v", err)
	}
}

func TestInterruptedBuildLeavesNothing(t *testing.T) {
	cache := emptyCache(t)
	ctx, cancel := context.WithCancelCause(t.Context())
	stopped := errors.New("stopped by the test")
	_, err := Build(ctx, &onFirstWrite{call: func() { cancel(stopped) }}, "registry")
	if !errors.Is(err, stopped) {
		t.Errorf("the error doesn't tell why the build ended: %v", err)
	}
	if names := left(t, cache); len(names) > 0 {
		t.Errorf("an interrupted build leaves %v in the cache", names)
	}
}

func TestKilledBuildIsCleanedUp(t *testing.T) {
	cache := emptyCache(t)
	killed := filepath.Join(cache, ".building-oras.1234")
	others := []string{filepath.Join(cache, ".building-etcd.1234"), filepath.Join(cache, ".building-oras-unfiltered.1234")}
	for _, dir := range append(others, killed) {
		if err := os.MkdirAll(filepath.Join(dir, "half"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := Build(t.Context(), io.Discard, "oras"); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(killed); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("what a killed build left is still there: %v", err)
	}
	for _, other := range others {
		if _, err := os.Stat(other); err != nil {
			t.Errorf("the build of another tool, which may be running, is gone: %v", err)
		}
	}
}

func TestConcurrentBuildsAreOne(t *testing.T) {
	cache := emptyCache(t)
	var both sync.WaitGroup
	for range 2 {
		both.Go(func() {
			if _, err := Build(t.Context(), io.Discard, "oras"); err != nil {
				t.Error(err)
			}
		})
	}
	both.Wait()
	if names := left(t, cache); len(names) != 1 {
		t.Errorf("the cache holds %v, not one build of oras", names)
	}
}

func TestFailedBuildSaysWhy(t *testing.T) {
	cache := emptyCache(t)
	t.Setenv("PATH", t.TempDir())
	_, err := Build(t.Context(), io.Discard, "oras")
	if err == nil || !strings.Contains(err.Error(), "building oras") || !strings.Contains(err.Error(), "install Go") {
		t.Errorf("a build without a go command says %v", err)
	}
	if names := left(t, cache); len(names) > 0 {
		t.Errorf("a failed build leaves %v in the cache", names)
	}
}

func TestUnknownTool(t *testing.T) {
	_, err := Build(t.Context(), io.Discard, "oras", "orsa")
	if err == nil || !strings.Contains(err.Error(), "unknown tool orsa") || !strings.Contains(err.Error(), "kube-apiserver") {
		t.Errorf("an unknown tool is reported as %v", err)
	}
}

func TestOutsideOfTheSource(t *testing.T) {
	t.Chdir(t.TempDir())
	if _, err := Root(); err == nil || !strings.Contains(err.Error(), "inside a clone") {
		t.Errorf("outside of the source, Root says %v", err)
	}
}

func TestKeyFollowsPin(t *testing.T) {
	source := t.TempDir()
	write := func(name, content string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(source, "oras", name), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(source, "oras"), 0o755); err != nil {
		t.Fatal(err)
	}
	folders := map[string]bool{}
	m := module{name: "oras", upstream: "oras.land/oras"}
	for _, pin := range [][2]string{{"a", "b"}, {"c", "b"}, {"c", "d"}} {
		write("go.mod", pin[0])
		write("go.sum", pin[1])
		folder, err := cache("").folder(source, m)
		if err != nil {
			t.Fatal(err)
		}
		folders[folder] = true
	}
	if len(folders) != 3 {
		t.Errorf("three states of go.mod and go.sum have the folders %v", folders)
	}
}

func TestVersions(t *testing.T) {
	versions, err := Versions()
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range modules {
		if m.upstream != "" && !strings.HasPrefix(versions[m.name], "v") {
			t.Errorf("the version of %s is %q", m.name, versions[m.name])
		}
	}
}

func TestBuiltName(t *testing.T) {
	for pkg, want := range map[string]string{
		"go.etcd.io/etcd/server/v3":                 "server",
		"github.com/notaryproject/notation/cmd/v2x": "v2x",
		"k8s.io/kubernetes/cmd/kubectl":             "kubectl",
		"v3":                                        "v3",
	} {
		if got := builtName(pkg); got != want {
			t.Errorf("builtName(%q) = %q, not %q", pkg, got, want)
		}
	}
}

func TestBusyboxIsAnIndexOfWholeImages(t *testing.T) {
	programs, err := Build(t.Context(), os.Stderr, "busybox")
	if err != nil {
		t.Fatal(err)
	}
	path, err := layout.FromPath(programs["busybox"])
	if err != nil {
		t.Fatal(err)
	}
	root, err := path.ImageIndex()
	if err != nil {
		t.Fatal(err)
	}
	manifest, err := root.IndexManifest()
	if err != nil {
		t.Fatal(err)
	}
	if len(manifest.Manifests) != 1 || manifest.Manifests[0].Annotations["org.opencontainers.image.ref.name"] != BusyboxTag {
		t.Fatalf("the layout holds %v, not one index tagged %s", manifest.Manifests, BusyboxTag)
	}
	index, err := root.ImageIndex(manifest.Manifests[0].Digest)
	if err != nil {
		t.Fatal(err)
	}
	if err := validate.Index(index); err != nil {
		t.Error(err)
	}
	images, err := index.IndexManifest()
	if err != nil {
		t.Fatal(err)
	}
	var platforms []string
	for _, descriptor := range images.Manifests {
		platforms = append(platforms, descriptor.Platform.String())
	}
	if want := []string{"linux/amd64", "linux/arm64"}; !slices.Equal(platforms, want) {
		t.Errorf("the platforms are %v, not %v", platforms, want)
	}
	if images.Annotations["org.opencontainers.image.title"] == "" {
		t.Error("the index doesn't say what it is")
	}
	checkLabels(t, index, images.Manifests[0].Digest)
}

// checkLabels looks for the label in the image itself, which a copy of it out
// of the index keeps.
func checkLabels(t *testing.T, index v1.ImageIndex, digest v1.Hash) {
	t.Helper()
	image, err := index.Image(digest)
	if err != nil {
		t.Fatal(err)
	}
	config, err := image.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(config.Config.Labels["org.opencontainers.image.title"], "u-root") {
		t.Errorf("the image's labels don't say what it is: %v", config.Config.Labels)
	}
}
