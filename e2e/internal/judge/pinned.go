package judge

import (
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

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

// wantedImages tells what the containers of a document must run. The document
// calls images by the names in j.Images.
func (j *judge) wantedImages(document workload.Document) []wantedImage {
	var wanted []wantedImage
	for _, container := range document.Kind.Containers(document.Object) {
		want := wantedImage{list: container.List, container: container.Name(), reference: container.Image()}
		if image, known := j.Images[container.Image()]; known {
			want.reference, want.digest = image.Reference, image.Digest
		}
		wanted = append(wanted, want)
	}
	return wanted
}

// check tells whether kept is the wanted image, pinned.
func (w wantedImage) check(kept string) error {
	name, digest, pinned := strings.Cut(kept, "@")
	if !pinned {
		return fmt.Errorf("image %q was admitted without being pinned to a digest", kept)
	}
	if w.digest == "" {
		return nil
	}
	if digest != w.digest {
		return fmt.Errorf("image %q is pinned to another digest than %s", kept, w.digest)
	}
	if got, want := repository(name), repository(w.reference); got != want {
		return fmt.Errorf("image %q is from repository %q, not %q", kept, got, want)
	}
	return nil
}

// repository returns a reference without its tag and digest.
func repository(reference string) string {
	name, _, _ := strings.Cut(reference, "@")
	// A colon before the last slash is a port's.
	if colon := strings.LastIndex(name, ":"); colon > strings.LastIndex(name, "/") {
		return name[:colon]
	}
	return name
}
