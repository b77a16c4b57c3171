package main

import (
	"context"
	"fmt"
	"slices"

	"github.com/notaryproject/notation-go/config"
	"github.com/notaryproject/notation-go/dir"
	notationregistry "github.com/notaryproject/notation-go/registry"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2/registry/remote"
	"oras.land/oras-go/v2/registry/remote/auth"
	"oras.land/oras-go/v2/registry/remote/credentials"
)

// A repository is where an image and its signatures are. It remembers what
// notation-go makes one error of: whether the registry failed to answer, and
// how many signatures it named.
type repository struct {
	notationregistry.Repository
	signatures int
	fault      error
}

// openRepository connects to the image's repository: in plain HTTP with what
// config.json lists as insecureRegistries and with nothing else, and with the
// credentials of config.json, if it has any. notation itself also takes any
// registry named localhost for one of plain HTTP; here who calls an image so
// isn't the one who configures the node.
func openRepository(r request) (*repository, error) {
	settings, err := config.LoadConfig()
	if err != nil {
		return nil, fmt.Errorf("reading config.json in %q: %w", dir.UserConfigDir, err)
	}
	file, err := dir.ConfigFS().SysPath(dir.PathConfigFile)
	if err != nil {
		return nil, fmt.Errorf("finding config.json: %w", err)
	}
	store, err := credentials.NewStore(file, credentials.StoreOptions{})
	if err != nil {
		return nil, fmt.Errorf("reading the credentials in %q: %w", file, err)
	}
	// Not a client that tries again: containerd waits for a short time only, and
	// the kubelet tries again to pull.
	client := &auth.Client{Cache: auth.NewCache(), Credential: credentials.Credential(store)}
	client.SetUserAgent("notation-image-verifier")
	return &repository{Repository: notationregistry.NewRepository(&remote.Repository{
		Client: client, Reference: r.reference,
		PlainHTTP: slices.Contains(settings.InsecureRegistries, r.reference.Registry),
	})}, nil
}

// Resolve asks whether the registry has the image.
func (r *repository) Resolve(ctx context.Context, reference string) (ocispec.Descriptor, error) {
	descriptor, err := r.Repository.Resolve(ctx, reference)
	if err != nil {
		r.fault = fmt.Errorf("asking the registry for the image: %w", err)
	}
	return descriptor, err
}

// ListSignatures counts what it lists.
func (r *repository) ListSignatures(
	ctx context.Context, image ocispec.Descriptor, use func([]ocispec.Descriptor) error,
) error {
	var used error
	err := r.Repository.ListSignatures(ctx, image, func(signatures []ocispec.Descriptor) error {
		r.signatures += len(signatures)
		used = use(signatures)
		return used
	})
	if err != nil && used == nil {
		r.fault = fmt.Errorf("asking the registry for the image's signatures: %w", err)
	}
	return err
}

// FetchSignatureBlob fetches a signature.
func (r *repository) FetchSignatureBlob(
	ctx context.Context, signature ocispec.Descriptor,
) ([]byte, ocispec.Descriptor, error) {
	envelope, descriptor, err := r.Repository.FetchSignatureBlob(ctx, signature)
	if err != nil {
		r.fault = fmt.Errorf("fetching signature %s: %w", signature.Digest, err)
	}
	return envelope, descriptor, err
}
