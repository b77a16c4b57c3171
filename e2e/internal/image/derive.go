// Package image makes, out of an image in a registry, images with the same
// content and other digests: what must be refused has to differ from what is
// signed in its digest alone.
package image

import (
	"context"
	"fmt"
	"runtime"
	"sync"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"golang.org/x/sync/errgroup"

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

// An Access is how a registry is reached.
type Access []remote.Option

// Direct reaches registries that a run has started itself, past any proxy.
func Direct() Access { return Access{remote.WithTransport(repository.DirectTransport())} }

// AsUser reaches registries with the credentials of docker's configuration.
func AsUser() Access { return Access{remote.WithAuthFromKeychain(authn.DefaultKeychain)} }

func (a Access) options(ctx context.Context) []remote.Option {
	return append(a[:len(a):len(a)], remote.WithContext(ctx))
}

// parallel is how many images are pushed at a time.
const parallel = 8

// Derive pushes, beside an image in a registry, an image for each role: that of
// this machine's platform, annotated with the role, under the tag that targets
// gives. Only manifests are pushed, since the layers are there.
func Derive[Role ~string](
	ctx context.Context, by Access, from reference.Reference, targets map[Role]reference.Reference,
) (Derived[Role], error) {
	source, err := name.ParseReference(from.String(), scheme(from)...)
	if err != nil {
		return Derived[Role]{}, fmt.Errorf("deriving images from %q: %w", from, err)
	}
	image, platform, err := by.platformImage(ctx, source)
	if err != nil {
		return Derived[Role]{}, fmt.Errorf("deriving images from %q: %w", from, err)
	}
	var mu sync.Mutex
	digests := map[Role]string{}
	work, ctx := errgroup.WithContext(ctx)
	work.SetLimit(parallel)
	for as, target := range targets {
		work.Go(func() error {
			digest, err := by.push(ctx, image, string(as), target)
			if err != nil {
				return fmt.Errorf("deriving image %q: %w", target, err)
			}
			mu.Lock()
			defer mu.Unlock()
			digests[as] = digest
			return nil
		})
	}
	if err := work.Wait(); err != nil {
		return Derived[Role]{}, err
	}
	return Derived[Role]{digests, platform}, nil
}

func scheme(of reference.Reference) []name.Option {
	if of.PlainHTTP {
		return []name.Option{name.Insecure}
	}
	return nil
}

func (a Access) push(ctx context.Context, image v1.Image, as string, target reference.Reference) (string, error) {
	tag, err := name.NewTag(target.String(), scheme(target)...)
	if err != nil {
		return "", err
	}
	derived, ok := mutate.Annotations(image, map[string]string{role: as}).(v1.Image)
	if !ok {
		return "", fmt.Errorf("annotating it made something else of it")
	}
	if err := remote.Write(tag, derived, a.options(ctx)...); err != nil {
		return "", err
	}
	digest, err := derived.Digest()
	return digest.String(), err
}

// platformImage returns the image for this machine's architecture, and its
// digest if it is part of an index.
func (a Access) platformImage(ctx context.Context, source name.Reference) (v1.Image, string, error) {
	descriptor, err := remote.Get(source, a.options(ctx)...)
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
