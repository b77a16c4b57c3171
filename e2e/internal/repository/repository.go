// Package repository looks into registries and OCI image layouts with oras-go:
// which digest an image has, which signatures refer to it, what else is there.
// What the tools have written is seen by it as it is, and not as they tell it.
package repository

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"slices"

	specs "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2/content"
	"oras.land/oras-go/v2/content/oci"
	"oras.land/oras-go/v2/registry"
	"oras.land/oras-go/v2/registry/remote"
	"oras.land/oras-go/v2/registry/remote/auth"
	"oras.land/oras-go/v2/registry/remote/credentials"
	"oras.land/oras-go/v2/registry/remote/retry"

	"container-signing/e2e/internal/reference"
	"container-signing/internal/hint"
)

// signatureType is the artifact type of a Notation signature (Notary Project
// signature specification, "Signature Manifest").
const signatureType = "application/vnd.cncf.notary.signature"

// A Reader reads registries.
type Reader struct {
	client      remote.Client
	credentials string // the file that they come from
}

// Direct reads without credentials and past any proxy: registries that a run
// has started itself.
func Direct() Reader {
	return Reader{client: &auth.Client{Client: &http.Client{Transport: DirectTransport()}}}
}

// DirectTransport connects past any proxy that the environment names.
func DirectTransport() http.RoundTripper { return retry.NewTransport(directHTTP()) }

func directHTTP() *http.Transport {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.Proxy = nil
	return transport
}

// AsUser reads with the credentials of docker's configuration, as oras and
// notation do.
func AsUser() (Reader, error) {
	store, err := credentials.NewStoreFromDocker(credentials.StoreOptions{})
	if err != nil {
		return Reader{}, hint.Add(fmt.Errorf("finding the credentials of registries: %w", err),
			"set HOME, or name the folder of docker's config.json in DOCKER_CONFIG")
	}
	client := &auth.Client{
		Client: retry.DefaultClient, Cache: auth.NewCache(), Credential: credentials.Credential(store),
	}
	return Reader{client, store.ConfigPath()}, nil
}

// A store is a repository or an OCI image layout.
type store interface {
	content.ReadOnlyGraphStorage
	content.Resolver
}

func (r Reader) open(ctx context.Context, image reference.Reference) (store, error) {
	if image.InLayout() {
		return oci.NewFromFS(ctx, os.DirFS(image.Layout))
	}
	return r.Repository(image), nil
}

// Repository is the one in a registry that an image is in, reached as this
// reader reaches it.
func (r Reader) Repository(image reference.Reference) *remote.Repository {
	return &remote.Repository{
		Reference: registry.Reference{Registry: image.Registry, Repository: image.Repository},
		Client:    r.client, PlainHTTP: image.PlainHTTP,
	}
}

// resolve finds what a reference names.
func (r Reader) resolve(ctx context.Context, image reference.Reference) (store, specs.Descriptor, error) {
	opened, err := r.open(ctx, image)
	if err != nil {
		return nil, specs.Descriptor{}, fmt.Errorf("resolving image %q: %w", image, err)
	}
	name := image.Digest
	if name == "" {
		name = image.Tag
	}
	descriptor, err := opened.Resolve(ctx, name)
	if err != nil {
		return nil, specs.Descriptor{}, fmt.Errorf("resolving image %q: %w", image, r.advise(err, image))
	}
	return opened, descriptor, nil
}

// advise says where credentials are missing.
func (r Reader) advise(err error, image reference.Reference) error {
	if !errors.Is(err, auth.ErrBasicCredentialNotFound) {
		return err
	}
	return hint.Add(err, "`docker login %s`, which writes them to %q", image.Registry, r.credentials)
}

// Digest returns the digest of an image.
func (r Reader) Digest(ctx context.Context, image reference.Reference) (string, error) {
	_, descriptor, err := r.resolve(ctx, image)
	return descriptor.Digest.String(), err
}

// Signatures returns the digests of an image's signatures, sorted.
func (r Reader) Signatures(ctx context.Context, image reference.Reference) ([]string, error) {
	opened, descriptor, err := r.resolve(ctx, image)
	if err != nil {
		return nil, err
	}
	referrers, err := registry.Referrers(ctx, opened, descriptor, signatureType)
	if err != nil {
		return nil, fmt.Errorf("listing the signatures of %q: %w", image, err)
	}
	var digests []string
	for _, referrer := range referrers {
		digests = append(digests, referrer.Digest.String())
	}
	slices.Sort(digests)
	return digests, nil
}

// Repositories lists what a registry holds.
func (r Reader) Repositories(ctx context.Context, address string, plainHTTP bool) ([]string, error) {
	server := &remote.Registry{RepositoryOptions: remote.RepositoryOptions{
		Reference: registry.Reference{Registry: address}, Client: r.client, PlainHTTP: plainHTTP,
	}}
	var all []string
	if err := server.Repositories(ctx, "", func(some []string) error {
		all = append(all, some...)
		return nil
	}); err != nil {
		return nil, fmt.Errorf("listing the repositories of registry %q: %w", address, err)
	}
	return all, nil
}
