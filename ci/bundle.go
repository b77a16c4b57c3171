package main

import (
	"context"

	"dagger/container-signing/internal/command"
	"dagger/container-signing/internal/dagger"
	"dagger/container-signing/internal/failure"
	"dagger/container-signing/internal/reference"
)

const (
	// bundleArchive and bundleFolder are where a container has a bundle.
	bundleArchive = "/bundle.tar"
	bundleFolder  = "/bundle"
)

// The signed image with its signatures as one archive of an OCI layout
//
// The function load brings it into a registry, such as behind an air gap.
//
// +cache="session"
func (m *ContainerSigning) Bundle(
	ctx context.Context,
	// Signed image.
	image string,
	// The image's registry, where it is a service or on your machine: tcp://localhost:5002.
	registry *dagger.Service, // +optional
	// Docker's config.json with the credentials of the registry.
	registryCredentials *dagger.Secret, // +optional
	// The registry speaks plain HTTP, as one on loopback does anyway.
	plainHttp bool, // +optional
) (*dagger.File, error) {
	signed, err := reference.Parse(image)
	if err != nil {
		return nil, err
	}
	return m.bundle(ctx, signed, signed.Tag(), newAccess(signed.Registry(), registry, registryCredentials, plainHttp))
}

// bundle makes an archive in which the image has a tag.
func (m *ContainerSigning) bundle(
	ctx context.Context,
	image reference.Image,
	tag string,
	from access,
) (*dagger.File, error) {
	box, err := m.signingBox(ctx, nil)
	if err != nil {
		return nil, err
	}
	copying := command.Copy(image.String(), bundleFolder+":"+tag, moveResult, from.Insecure("--from-plain-http")...)
	done, err := move(ctx, box, copying, from)
	if err != nil {
		return nil, err
	}
	return done.WithExec(command.Pack(bundleArchive, bundleFolder)).File(bundleArchive), nil
}

// Load a bundle into a registry
//
// The digests on both sides are compared.
//
// +cache="session"
func (m *ContainerSigning) Load(
	ctx context.Context,
	// Archive that the function bundle has made.
	bundle *dagger.File,
	// The reference that the image gets, such as registry.example.com/app:1.0.
	to string,
	// The tag that the image has in the bundle, if that holds several.
	tag string, // +optional
	// The image's registry, where it is a service or on your machine: tcp://localhost:5002.
	registry *dagger.Service, // +optional
	// Docker's config.json with the credentials of the registry.
	registryCredentials *dagger.Secret, // +optional
	// The registry speaks plain HTTP, as one on loopback does anyway.
	plainHttp bool, // +optional
) (*Signed, error) {
	target, err := reference.Parse(to)
	if err != nil {
		return nil, err
	}
	at := newAccess(target.Registry(), registry, registryCredentials, plainHttp)
	box, err := m.signingBox(ctx, nil)
	if err != nil {
		return nil, err
	}
	box, err = evaluate(ctx, "reading the bundle", failure.Given{},
		box.WithMountedFile(bundleArchive, bundle).WithExec(command.Unpack(bundleArchive)))
	if err != nil {
		return nil, err
	}
	from := bundleFolder
	if tag != "" {
		from += ":" + tag
	}
	done, err := move(ctx, box, command.Copy(from, target.String(), moveResult, at.Insecure("--to-plain-http")...), at)
	if err != nil {
		return nil, err
	}
	return newSigned(ctx, m, done.File(moveResult), at, nil, target)
}
