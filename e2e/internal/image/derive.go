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
)

// role is the annotation that tells derived images apart.
const role = "container-signing.role"

// Derive pushes, beside the image that reference names in a registry that
// speaks plain HTTP, an image for each role: that of this machine's platform,
// annotated with the role, under the tag that targets gives. Only manifests
// are pushed, since the layers are there.
//
// It returns the digests by role, and the digest of this platform's manifest
// inside the index that reference names, or nothing if that is no index.
func Derive(
	ctx context.Context, reference string, targets map[string]string,
) (digests map[string]string, child string, err error) {
	source, err := name.ParseReference(reference, name.Insecure)
	if err != nil {
		return nil, "", fmt.Errorf("deriving images from %q: %w", reference, err)
	}
	image, child, err := platformImage(ctx, source)
	if err != nil {
		return nil, "", fmt.Errorf("deriving images from %q: %w", reference, err)
	}
	digests = map[string]string{}
	for as, target := range targets {
		if digests[as], err = push(ctx, image, as, target); err != nil {
			return nil, "", fmt.Errorf("deriving image %q: %w", target, err)
		}
	}
	return digests, child, nil
}

func push(ctx context.Context, image v1.Image, as, target string) (string, error) {
	tag, err := name.NewTag(target, name.Insecure)
	if err != nil {
		return "", err
	}
	derived, ok := mutate.Annotations(image, map[string]string{role: as}).(v1.Image)
	if !ok {
		return "", fmt.Errorf("annotating it made something else of it")
	}
	if err := remote.Write(tag, derived, remote.WithContext(ctx)); err != nil {
		return "", err
	}
	digest, err := derived.Digest()
	return digest.String(), err
}

// platformImage returns the image for this machine's architecture, and its
// digest if it is part of an index.
func platformImage(ctx context.Context, source name.Reference) (v1.Image, string, error) {
	descriptor, err := remote.Get(source, remote.WithContext(ctx))
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
