package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"dagger/container-signing/internal/dagger"
	"dagger/container-signing/internal/reference"
)

// Signed images in a registry, each with its signature.
type Signed struct {
	// The images by digest, such as registry.example.com/app@sha256:….
	References []string
	// The digests of the images, in the same order.
	Digests []string
	// The digests of the signatures' manifests, in the same order.
	Signatures []string
	// The CA that vouches for the signer, in PEM.
	Ca *dagger.File

	// The images as they were named, in the same order.
	//
	// +private
	Names []string
	// +private
	Module *ContainerSigning
	// +private
	Service *dagger.Service
	// +private
	Credentials *dagger.Secret
	// +private
	PlainHTTP bool
}

// newSigned reads what `e2e sign` or `e2e copy` has written of the images that
// were named.
func newSigned(ctx context.Context, m *ContainerSigning, result *dagger.File, at access, ca *dagger.File, names ...string) (*Signed, error) {
	content, err := result.Contents(ctx)
	if err != nil {
		return nil, fmt.Errorf("reading what was signed: %w", err)
	}
	var images []struct {
		Reference, Digest string
		Signatures        []string
	}
	if err := json.Unmarshal([]byte(content), &images); err != nil {
		return nil, fmt.Errorf("reading what was signed: %w", err)
	}
	if len(images) != len(names) {
		return nil, fmt.Errorf("reading what was signed: of %d images there are %d", len(names), len(images))
	}
	signed := &Signed{Names: names, Ca: ca, Module: m, Service: at.service, Credentials: at.credentials, PlainHTTP: at.plainHTTP}
	for _, image := range images {
		signed.References = append(signed.References, image.Reference)
		signed.Digests = append(signed.Digests, image.Digest)
		signed.Signatures = append(signed.Signatures, strings.Join(image.Signatures, " "))
	}
	return signed, nil
}

// Verify the images with the CA, as `verify` does
func (s *Signed) Verify(
	ctx context.Context,
	// The CA to trust, where it isn't the one of the signer.
	//
	// +optional
	ca *dagger.File,
	// A trust policy of your own, for the trust store ca:container-signing.
	//
	// +optional
	trustPolicy *dagger.File,
) (string, error) {
	if ca == nil {
		ca = s.Ca
	}
	if ca == nil {
		return "", errors.New("there is no CA to verify with: give --ca")
	}
	return s.each(func(image, _ string) (string, error) {
		return s.Module.Verify(ctx, image, ca, trustPolicy, "container-signing", s.Service, s.Credentials, s.PlainHTTP)
	})
}

// Show the signatures of the images, as `inspect` does
func (s *Signed) Inspect(ctx context.Context) (string, error) {
	return s.each(func(image, _ string) (string, error) {
		return s.Module.Inspect(ctx, image, s.Service, s.Credentials, s.PlainHTTP)
	})
}

// Copy the images with their signatures to another registry
func (s *Signed) Copy(
	ctx context.Context,
	// Where the images go, such as registry.example.com/production: each keeps
	// the last part of its name, and its tag. Or a whole reference, for a single image.
	to string,
	// That registry, where it is a service or on your machine.
	//
	// +optional
	toRegistry *dagger.Service,
	// Docker's config.json with the credentials of both registries.
	//
	// +optional
	registryCredentials *dagger.Secret,
	// That registry speaks plain HTTP, as one on loopback does anyway.
	//
	// +optional
	toPlainHttp bool,
) (*Signed, error) {
	if registryCredentials == nil {
		registryCredentials = s.Credentials
	}
	all := &Signed{Ca: s.Ca, Module: s.Module, Service: toRegistry, Credentials: registryCredentials, PlainHTTP: toPlainHttp}
	_, err := s.each(func(image, name string) (string, error) {
		target := to
		if len(s.References) > 1 {
			target = reference.Below(to, name)
		}
		copied, err := s.Module.Copy(ctx, image, target, s.Service, toRegistry, registryCredentials, s.PlainHTTP, toPlainHttp)
		if err != nil {
			return "", err
		}
		all.Names = append(all.Names, copied.Names...)
		all.References = append(all.References, copied.References...)
		all.Digests = append(all.Digests, copied.Digests...)
		all.Signatures = append(all.Signatures, copied.Signatures...)
		return "", nil
	})
	return all, err
}

// The signed image with its signature as one archive, as `bundle` makes it
func (s *Signed) Bundle(ctx context.Context) (*dagger.File, error) {
	if len(s.References) != 1 {
		return nil, fmt.Errorf("a bundle holds one image, and %d are signed: bundle them one by one, with `bundle --image`", len(s.References))
	}
	from := access{image: s.References[0], service: s.Service, credentials: s.Credentials, plainHTTP: s.PlainHTTP, alias: "registry"}
	return s.Module.bundle(ctx, from, reference.Tag(s.Names[0]))
}

// each joins what do returns for the images, by digest and as they were named. A
// failure is no reason to leave out the others.
func (s *Signed) each(do func(image, name string) (string, error)) (string, error) {
	var outputs []string
	var faults []error
	for i, image := range s.References {
		output, err := do(image, s.Names[i])
		outputs, faults = append(outputs, output), append(faults, err)
	}
	return strings.Join(outputs, ""), errors.Join(faults...)
}
