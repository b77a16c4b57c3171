package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"dagger/container-signing/internal/dagger"
	"dagger/container-signing/internal/hint"
	"dagger/container-signing/internal/reference"
	"dagger/container-signing/internal/result"
)

// Signed images in a registry, each with its signature
type Signed struct {
	// The images by digest, such as registry.example.com/app@sha256:…
	References []string
	// The digests of the images, in the same order
	Digests []string
	// The digests of the signatures' manifests, in the same order
	Signatures []string
	// The CA that vouches for the signer, in PEM
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
func newSigned(
	ctx context.Context, m *ContainerSigning, file *dagger.File, at access, ca *dagger.File, named ...reference.Image,
) (*Signed, error) {
	content, err := file.Contents(ctx)
	if err != nil {
		return nil, fmt.Errorf("reading what was signed: %w", err)
	}
	images, err := result.Images(content, len(named))
	if err != nil {
		return nil, err
	}
	signed := &Signed{Ca: ca, Module: m, Service: at.service, Credentials: at.credentials, PlainHTTP: at.PlainHTTP}
	for i, image := range images {
		signed.Names = append(signed.Names, named[i].String())
		signed.References = append(signed.References, image.Reference)
		signed.Digests = append(signed.Digests, image.Digest)
		signed.Signatures = append(signed.Signatures, strings.Join(image.Signatures, " "))
	}
	return signed, nil
}

// Verify the images with the CA of the signer, or another one
func (s *Signed) Verify(
	ctx context.Context,
	// The CA to trust, where it isn't the one of the signer.
	ca *dagger.File, // +optional
	// A trust policy of your own, for the trust store ca:container-signing.
	trustPolicy *dagger.File, // +optional
) (string, error) {
	if ca == nil {
		ca = s.Ca
	}
	if ca == nil {
		return "", hint.Add(errors.New("verifying: there is no CA to trust"), "give it by --ca")
	}
	return s.each(func(image, _ reference.Image, at access) (string, error) {
		return s.Module.verify(ctx, image, at, trust{ca: ca, policy: trustPolicy})
	})
}

// Show the signatures of the images with their certificates
func (s *Signed) Inspect(ctx context.Context) (string, error) {
	return s.each(func(image, _ reference.Image, at access) (string, error) {
		return s.Module.inspect(ctx, image, at)
	})
}

// Copy the images with their signatures to another registry
func (s *Signed) Copy(
	ctx context.Context,
	// Where they go: a reference, or for several a folder in which each keeps the last part of its name, and its tag.
	to string,
	// The registry that it goes to, where that is a service or on your machine.
	toRegistry *dagger.Service, // +optional
	// Docker's config.json with the credentials of both registries.
	registryCredentials *dagger.Secret, // +optional
	// The registry that it goes to speaks plain HTTP, as one on loopback does anyway.
	toPlainHttp bool, // +optional
) (*Signed, error) {
	if registryCredentials == nil {
		registryCredentials = s.Credentials
	}
	all := &Signed{
		Ca:          s.Ca,
		Module:      s.Module,
		Service:     toRegistry,
		Credentials: registryCredentials,
		PlainHTTP:   toPlainHttp,
	}
	_, err := s.each(func(image, name reference.Image, from access) (string, error) {
		target := to
		if len(s.References) > 1 {
			target = name.Below(to)
		}
		from.credentials = registryCredentials
		copied, err := s.Module.copy(
			ctx,
			image,
			target,
			from,
			destination{toRegistry, registryCredentials, toPlainHttp},
		)
		if err != nil {
			return "", err
		}
		all.add(copied)
		return "", nil
	})
	return all, err
}

// add adds other images.
func (s *Signed) add(more *Signed) {
	s.Names = append(s.Names, more.Names...)
	s.References = append(s.References, more.References...)
	s.Digests = append(s.Digests, more.Digests...)
	s.Signatures = append(s.Signatures, more.Signatures...)
}

// The signed image with its signature as one archive of an OCI layout
func (s *Signed) Bundle(ctx context.Context) (*dagger.File, error) {
	if len(s.References) != 1 {
		return nil, hint.Add(fmt.Errorf("bundling: a bundle holds one image, and %d are signed", len(s.References)),
			"bundle them one by one, with `bundle --image`")
	}
	var bundle *dagger.File
	_, err := s.each(func(image, name reference.Image, at access) (_ string, err error) {
		bundle, err = s.Module.bundle(ctx, image, name.Tag(), at)
		return "", err
	})
	return bundle, err
}

// each joins what do returns for the images, by digest and as they were named. A
// failure is no reason to leave out the others.
func (s *Signed) each(do func(image, name reference.Image, at access) (string, error)) (string, error) {
	var outputs []string
	var faults []error
	for i := range s.References {
		image, unread := reference.Parse(s.References[i])
		name, unnamed := reference.Parse(s.Names[i])
		if err := errors.Join(unread, unnamed); err != nil {
			faults = append(faults, err)
			continue
		}
		output, err := do(image, name, newAccess(image.Registry(), s.Service, s.Credentials, s.PlainHTTP))
		outputs, faults = append(outputs, output), append(faults, err)
	}
	return strings.Join(outputs, ""), errors.Join(faults...)
}
