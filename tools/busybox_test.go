package tools

import (
	"os"
	"slices"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/validate"
)

func TestBusyboxIsAnIndexOfWholeImages(t *testing.T) {
	needTools(t)
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
	const tag = "org.opencontainers.image.ref.name"
	if len(manifest.Manifests) != 1 || manifest.Manifests[0].Annotations[tag] != BusyboxTag {
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
