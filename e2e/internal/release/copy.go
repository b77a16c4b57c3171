package release

import (
	"context"
	"fmt"

	"container-signing/e2e/internal/oras"
	"container-signing/e2e/internal/reference"
	"container-signing/e2e/internal/repository"
	"container-signing/internal/hint"
)

// Copy copies an image with its signatures from one registry or OCI image
// layout to another, and makes sure that they are the same there. The target
// may have had signatures before.
func Copy(ctx context.Context, by oras.CLI, reader repository.Reader, from, to reference.Reference) (Image, error) {
	digest, err := reader.Digest(ctx, from)
	if err != nil {
		return Image{}, err
	}
	source := from.ByDigest(digest)
	signatures, err := reader.Signatures(ctx, source)
	if err != nil {
		return Image{}, err
	}
	if len(signatures) == 0 {
		return Image{}, hint.Add(fmt.Errorf("copying image %q: it has no signature there", source), "sign it first")
	}
	if err := by.Copy(ctx, source, to); err != nil {
		return Image{}, err
	}
	return arrived(ctx, reader, source, to, signatures)
}

// arrived compares what has been copied with its source.
func arrived(
	ctx context.Context, reader repository.Reader, source, to reference.Reference, signatures []string,
) (Image, error) {
	digest, err := reader.Digest(ctx, to)
	if err != nil {
		return Image{}, err
	}
	if digest != source.Digest {
		return Image{}, fmt.Errorf("comparing %q with %q: the digests differ: %s and %s", to, source, digest,
			source.Digest)
	}
	target := to.ByDigest(digest)
	present, err := reader.Signatures(ctx, target)
	if err != nil {
		return Image{}, err
	}
	if missing := without(signatures, present); len(missing) > 0 {
		return Image{}, fmt.Errorf("comparing the signatures of %q with those of %q: %v are missing", target, source,
			missing)
	}
	return newImage(target, signatures), nil
}
