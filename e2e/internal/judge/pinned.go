package judge

import (
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"oras.land/oras-go/v2/registry"

	"container-signing/e2e/internal/workload"
)

// checkPinned compares the images of an object that the API server keeps with
// what its containers must run: each has to be there, and pinned.
func checkPinned(kind workload.Kind, kept *unstructured.Unstructured, wanted []wantedImage) error {
	containers := kind.Containers(kept)
	for _, want := range wanted {
		i := slices.IndexFunc(containers, func(c workload.Container) bool {
			return c.List == want.list && c.Name() == want.container
		})
		if i < 0 {
			return fmt.Errorf("%s %q has no container %q any more", kept.GetKind(), kept.GetName(), want.container)
		}
		if err := want.check(containers[i].Image()); err != nil {
			return fmt.Errorf("%s %q: container %q: %w", kept.GetKind(), kept.GetName(), want.container, err)
		}
	}
	return nil
}

// A wantedImage is what a container must run.
type wantedImage struct {
	list, container string
	reference       string // as in the manifest
	digest          string // empty if any will do
}

// wantedImages tells what the containers of a document must run, which calls
// images by their names.
func wantedImages(document workload.Document, images Images) []wantedImage {
	var wanted []wantedImage
	for _, container := range document.Kind.Containers(document.Object) {
		want := wantedImage{list: container.List, container: container.Name(), reference: container.Image()}
		if image, known := images[container.Image()]; known {
			want.reference, want.digest = image.Reference, image.Digest
		}
		wanted = append(wanted, want)
	}
	return wanted
}

// check tells whether kept is the wanted image, pinned.
func (w wantedImage) check(kept string) error {
	_, digest, pinned := strings.Cut(kept, "@")
	if !pinned {
		return fmt.Errorf("image %q was admitted without being pinned to a digest", kept)
	}
	if w.digest == "" {
		return nil
	}
	if digest != w.digest {
		return fmt.Errorf("image %q is pinned to another digest than %s", kept, w.digest)
	}
	got, err := registry.ParseReference(kept)
	if err != nil {
		return fmt.Errorf("reading image %q: %w", kept, err)
	}
	want, err := registry.ParseReference(w.reference)
	if err != nil {
		return fmt.Errorf("reading image %q: %w", w.reference, err)
	}
	if got.Registry != want.Registry || got.Repository != want.Repository {
		return fmt.Errorf("image %q is from repository %q, not %q", kept,
			got.Registry+"/"+got.Repository, want.Registry+"/"+want.Repository)
	}
	return nil
}
