package main

import (
	"context"
	"slices"

	"dagger/container-signing/internal/command"
	"dagger/container-signing/internal/dagger"
	"dagger/container-signing/internal/reference"
)

// Copy an image with its signatures to another registry
//
// It is `oras cp -r`, and the digests on both sides are compared.
//
// +cache="session"
func (m *ContainerSigning) Copy(
	ctx context.Context,
	// Image to copy.
	image string,
	// The reference that it gets, such as registry.example.com/app:1.0.
	to string,
	// The image's registry, where it is a service or on your machine: tcp://localhost:5002.
	registry *dagger.Service, // +optional
	// The registry that it goes to, where that is a service or on your machine.
	toRegistry *dagger.Service, // +optional
	// Docker's config.json with the credentials of both registries.
	registryCredentials *dagger.Secret, // +optional
	// The registry speaks plain HTTP, as one on loopback does anyway.
	plainHttp bool, // +optional
	// The registry that it goes to speaks plain HTTP, as one on loopback does anyway.
	toPlainHttp bool, // +optional
) (*Signed, error) {
	source, err := reference.Parse(image)
	if err != nil {
		return nil, err
	}
	from := newAccess(source.Registry(), registry, registryCredentials, plainHttp)
	return m.copy(ctx, source, to, from, destination{toRegistry, registryCredentials, toPlainHttp})
}

// A destination is what a caller says of the registry that something goes to.
type destination struct {
	registry    *dagger.Service
	credentials *dagger.Secret
	plainHTTP   bool
}

// copy copies an image with its signatures.
func (m *ContainerSigning) copy(
	ctx context.Context, image reference.Image, to string, from access, there destination,
) (*Signed, error) {
	target, err := reference.Parse(to)
	if err != nil {
		return nil, err
	}
	at := newAccess(target.Registry(), there.registry, there.credentials, there.plainHTTP).to()
	insecure := slices.Concat(from.Insecure("--from-plain-http"), at.Insecure("--to-plain-http"))
	box, err := m.signingBox(ctx, nil)
	if err != nil {
		return nil, err
	}
	done, err := move(ctx, box, command.Copy(image.String(), target.String(), moveResult, insecure...), from, at)
	if err != nil {
		return nil, err
	}
	return newSigned(ctx, m, done.File(moveResult), at, nil, target)
}

// moveResult is where a container tells what move has copied.
const moveResult = "/tmp/copied.json"

// move runs `e2e copy` where registries are reached.
func move(ctx context.Context, box *dagger.Container, copying []string, reached ...access) (*dagger.Container, error) {
	box, copying, err := reach(ctx, box, copying, reached...)
	if err != nil {
		return nil, err
	}
	return evaluate(ctx, "copying", given(reached...), anew(box, newRun()).WithExec(copying))
}
