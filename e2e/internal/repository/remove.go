package repository

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"strings"

	"github.com/google/go-containerregistry/pkg/v1/types"
	specs "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2/content"
	"oras.land/oras-go/v2/errdef"
	"oras.land/oras-go/v2/registry"
	"oras.land/oras-go/v2/registry/remote"
	"oras.land/oras-go/v2/registry/remote/errcode"

	"container-signing/e2e/internal/reference"
	"container-signing/internal/hint"
)

// Tags lists the tags in the repository of an image; none if there is no such
// repository yet.
func (r Reader) Tags(ctx context.Context, image reference.Reference) ([]string, error) {
	var all []string
	err := r.Repository(image).Tags(ctx, "", func(some []string) error {
		all = append(all, some...)
		return nil
	})
	if err != nil && !isMissing(err) {
		return nil, fmt.Errorf("listing the tags of %q: %w",
			image.Registry+"/"+image.Repository, r.advise(err, image))
	}
	return all, nil
}

func isMissing(err error) bool {
	var answer *errcode.ErrorResponse
	return errors.Is(err, errdef.ErrNotFound) || errors.As(err, &answer) && answer.StatusCode == http.StatusNotFound
}

// DeleteSignatures deletes the signatures of an image.
func (r Reader) DeleteSignatures(ctx context.Context, image reference.Reference) error {
	opened, descriptor, err := r.resolve(ctx, image)
	if err != nil {
		return err
	}
	signatures, err := registry.Referrers(ctx, opened, descriptor, signatureType)
	if err != nil {
		return fmt.Errorf("listing the signatures of %q: %w", image, err)
	}
	for _, signature := range signatures {
		if err := r.Repository(image).Delete(ctx, signature); err != nil {
			return fmt.Errorf("deleting signature %s of %q: %w", signature.Digest, image, err)
		}
	}
	return nil
}

// Empty deletes all that has a tag in the repository of an image, and what refers
// to it. What the registry keeps of the layers is its own garbage collection's.
func (r Reader) Empty(ctx context.Context, image reference.Reference) error {
	tags, err := r.Tags(ctx, image)
	if err != nil {
		return err
	}
	in := r.Repository(image)
	found := map[string]specs.Descriptor{}
	for _, tag := range tags {
		manifest, err := in.Resolve(ctx, tag)
		if err == nil {
			err = collect(ctx, in, manifest, found)
		}
		if err != nil && !isMissing(err) {
			return fmt.Errorf("looking for what is to be deleted with tag %q: %w", tag, err)
		}
	}
	// With each manifest that refers to another one, the list of what refers to
	// that would be renewed, or nothing be deleted if the list is gone already.
	deleting := r.Repository(image)
	if err := deleting.SetReferrersCapability(true); err != nil {
		return err
	}
	for manifest := range maps.Values(found) {
		err := deleting.Delete(ctx, manifest)
		if err == nil || isMissing(err) {
			continue
		}
		err = fmt.Errorf("deleting the images in %q, which are left behind: %w",
			image.Registry+"/"+image.Repository, err)
		return hint.Add(err, "delete its tags %s by the means of the registry", strings.Join(tags, ", "))
	}
	return nil
}

// collect finds a manifest, what refers to it, and what it is an index of.
func collect(
	ctx context.Context, in *remote.Repository, manifest specs.Descriptor, found map[string]specs.Descriptor,
) error {
	if _, seen := found[manifest.Digest.String()]; seen {
		return nil
	}
	found[manifest.Digest.String()] = manifest
	referrers, err := registry.Referrers(ctx, in, manifest, "")
	if err != nil && !isMissing(err) {
		return err
	}
	if types.MediaType(manifest.MediaType).IsIndex() { // in Docker's own format too
		children, err := content.Successors(ctx, in, manifest)
		if err != nil {
			return err
		}
		referrers = append(referrers, children...)
	}
	for _, one := range referrers {
		if err := collect(ctx, in, one, found); err != nil {
			return err
		}
	}
	return nil
}
