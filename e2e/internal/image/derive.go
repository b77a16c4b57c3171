// Package image makes, out of an image in a registry, images with the same
// content and other digests: what must be refused has to differ from what is
// signed in its digest alone.
package image

import (
	"context"
	"fmt"
	"runtime"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"container-signing/e2e/internal/reference"
	"container-signing/e2e/internal/repository"
)

// role is the annotation that tells derived images apart.
const role = "container-signing.role"

// Derived are the digests of images that were made out of another one.
type Derived[Role ~string] struct {
	Digests map[Role]string
	// Platform is the digest of this platform's manifest inside the index that
	// the other one is; empty if it is no index.
	Platform string
}

// Derive pushes, beside an image in a registry of the run's that speaks plain
// HTTP, an image for each role: that of this machine's platform, annotated with
// the role, under the tag that targets gives. Only manifests are pushed, since
// the layers are there.
func Derive[Role ~string](ctx context.Context, from reference.Reference, targets map[Role]reference.Reference) (Derived[Role], error) {
	derived := Derived[Role]{Digests: map[Role]string{}}
	source, err := name.ParseReference(from.String(), name.Insecure)
	if err != nil {
		return derived, fmt.Errorf("deriving images: %w", err)
	}
	image, platform, err := platformImage(ctx, source)
	if err != nil {
		return derived, fmt.Errorf("deriving images from %q: %w", from, err)
	}
	derived.Platform = platform
	for as, target := range targets {
		if derived.Digests[as], err = push(ctx, image, string(as), target); err != nil {
			return derived, fmt.Errorf("deriving image %q: %w", target, err)
		}
	}
	return derived, nil
}

// options talk to registries of the run's past any proxy.
func options(ctx context.Context) []remote.Option {
	return []remote.Option{remote.WithContext(ctx), remote.WithTransport(repository.DirectTransport())}
}

func push(ctx context.Context, image v1.Image, as string, target reference.Reference) (string, error) {
	tag, err := name.NewTag(target.String(), name.Insecure)
	if err != nil {
		return "", err
	}
	derived, ok := mutate.Annotations(image, map[string]string{role: as}).(v1.Image)
	if !ok {
		return "", fmt.Errorf("annotating it made something else of it")
	}
	if err := remote.Write(tag, derived, options(ctx)...); err != nil {
		return "", err
	}
	digest, err := derived.Digest()
	return digest.String(), err
}

// platformImage returns the image for this machine's architecture, and its
// digest if it is part of an index.
func platformImage(ctx context.Context, source name.Reference) (v1.Image, string, error) {
	descriptor, err := remote.Get(source, options(ctx)...)
	if err != nil {
		return nil, "", err
	}
	if !descriptor.MediaType.IsIndex() {
		image, err := descriptor.Image()
		return image, "", err
	}
	index, err := descriptor.ImageIndex()
	if err != nil {
		return nil, "", err
	}
	manifest, err := index.IndexManifest()
	if err != nil {
		return nil, "", err
	}
	wanted := v1.Platform{OS: "linux", Architecture: runtime.GOARCH}
	var present []string
	for _, descriptor := range manifest.Manifests {
		if descriptor.Platform == nil {
			continue
		}
		if descriptor.Platform.Satisfies(wanted) {
			image, err := index.Image(descriptor.Digest)
			return image, descriptor.Digest.String(), err
		}
		present = append(present, descriptor.Platform.String())
	}
	return nil, "", fmt.Errorf("the image index has nothing for %s: it has %v", wanted, present)
}
