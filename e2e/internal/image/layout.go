package image

import (
	"fmt"
	"path/filepath"
	"runtime"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
)

// The tags of a run's images in its OCI layout.
const (
	// Signed is the image that is signed, as it was given: an index of
	// several platforms, or a single image.
	Signed = "signed"
	// SinglePlatform is the image for one platform, to be signed on its own.
	SinglePlatform = "single-platform"
	// Unsigned is an image that is never signed.
	Unsigned = "unsigned"
	// AnotherCA is an image to be signed with a certificate of another CA.
	AnotherCA = "another-ca"
)

// refName is the annotation by which an OCI image layout names a manifest.
const refName = "org.opencontainers.image.ref.name"

// role is the annotation that tells the derived images apart. It changes
// their digests, so that no signature of one counts for another.
const role = "container-signing.role"

// A Layout is an OCI image layout in a folder.
type Layout struct{ path layout.Path }

// CreateLayout makes an empty OCI image layout in the folder dir, which must
// not exist.
func CreateLayout(dir string) (Layout, error) {
	path, err := layout.Write(dir, empty.Index)
	if err != nil {
		return Layout{}, fmt.Errorf("making the OCI layout %q: %w", dir, err)
	}
	return Layout{path}, nil
}

// OpenLayout opens the OCI image layout in a folder, to which oras has copied
// an image.
func OpenLayout(dir string) Layout { return Layout{layout.Path(dir)} }

// Reference returns what oras calls the tagged image with
// --from-oci-layout.
func (l Layout) Reference(tag string) string { return string(l.path) + ":" + tag }

// AddSigned adds the image that is to be signed.
func (l Layout) AddSigned(index v1.ImageIndex) error {
	if err := l.path.AppendIndex(index, layout.WithAnnotations(map[string]string{refName: Signed})); err != nil {
		return fmt.Errorf("adding the image to the OCI layout: %w", err)
	}
	return nil
}

// Derive adds to the layout, which holds the image tagged [Signed], the
// images [SinglePlatform], [Unsigned] and [AnotherCA]: the same content with
// other digests. It returns the digest of this platform's manifest inside the
// signed index, or nothing if the signed image is no index.
func (l Layout) Derive() (string, error) {
	image, child, err := l.platformImage()
	if err != nil {
		return "", fmt.Errorf("deriving images from the one to sign: %w", err)
	}
	for _, tag := range []string{SinglePlatform, Unsigned, AnotherCA} {
		derived, ok := mutate.Annotations(image, map[string]string{role: tag}).(v1.Image)
		if !ok {
			return "", fmt.Errorf("deriving the image %q: annotating it made something else of it", tag)
		}
		if err := l.path.AppendImage(derived, layout.WithAnnotations(map[string]string{refName: tag})); err != nil {
			return "", fmt.Errorf("deriving the image %q: %w", tag, err)
		}
	}
	return child, nil
}

// platformImage returns the signed image for this machine's architecture, and
// its digest if it is part of an index.
func (l Layout) platformImage() (v1.Image, string, error) {
	root, err := l.path.ImageIndex()
	if err != nil {
		return nil, "", err
	}
	manifest, err := root.IndexManifest()
	if err != nil {
		return nil, "", err
	}
	for _, descriptor := range manifest.Manifests {
		if descriptor.Annotations[refName] != Signed {
			continue
		}
		if !descriptor.MediaType.IsIndex() {
			image, err := root.Image(descriptor.Digest)
			return image, "", err
		}
		index, err := root.ImageIndex(descriptor.Digest)
		if err != nil {
			return nil, "", err
		}
		return ofPlatform(index, v1.Platform{OS: "linux", Architecture: runtime.GOARCH})
	}
	return nil, "", fmt.Errorf("the OCI layout %q has no image %q", filepath.Base(string(l.path)), Signed)
}

func ofPlatform(index v1.ImageIndex, platform v1.Platform) (v1.Image, string, error) {
	manifest, err := index.IndexManifest()
	if err != nil {
		return nil, "", err
	}
	var present []string
	for _, descriptor := range manifest.Manifests {
		if descriptor.Platform == nil {
			continue
		}
		if descriptor.Platform.Satisfies(platform) {
			image, err := index.Image(descriptor.Digest)
			return image, descriptor.Digest.String(), err
		}
		present = append(present, descriptor.Platform.String())
	}
	return nil, "", fmt.Errorf("the image index has nothing for %s: it has %v", platform, present)
}
