package forgery

import (
	"context"

	notationregistry "github.com/notaryproject/notation-go/registry"
	specs "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2"
)

// none says that there is no good signature in a crowd.
const none = -1

// crowd attaches many worthless signatures, and between them, after so many, one
// by the signer who is trusted; unless that is none. All that refer to the
// image are listed at once: one after the other, each would take a list of those
// before.
func crowd(size, after int) func(context.Context, *bench) error {
	return func(ctx context.Context, b *bench) error {
		worthless, err := b.intruder.sameNames()
		if err != nil {
			return err
		}
		var all []specs.Descriptor
		for i := range size {
			by := worthless
			if i == after {
				if by, err = b.intruder.trusted(); err != nil {
					return err
				}
			}
			manifest, err := b.unlisted(ctx, by, i)
			if err != nil {
				return err
			}
			all = append(all, manifest)
		}
		index, err := b.index(ctx, all...)
		if err != nil {
			return err
		}
		return b.repository.Tag(ctx, index, referrersTag(b.image.Digest))
	}
}

// unlisted pushes a signature that refers to the image, one that tells its
// number, and leaves it to the caller to list it.
func (b *bench) unlisted(ctx context.Context, by identity, number int) (specs.Descriptor, error) {
	envelope, err := claimed(b.image, by, func(c *claim) { c.protected["example.number"] = number })
	if err != nil {
		return specs.Descriptor{}, err
	}
	layer, err := oras.PushBytes(ctx, b.repository.Blobs(), jwsType, envelope)
	if err != nil {
		return specs.Descriptor{}, err
	}
	manifest, err := b.push(ctx, b.unlisting, specs.MediaTypeImageManifest, b.signatureOf(layer))
	manifest.ArtifactType = notationregistry.ArtifactTypeNotation
	return manifest, err
}
