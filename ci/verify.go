package main

import (
	"context"
	"errors"

	"dagger/container-signing/internal/command"
	"dagger/container-signing/internal/dagger"
	"dagger/container-signing/internal/failure"
	"dagger/container-signing/internal/hint"
	"dagger/container-signing/internal/reference"
)

// Verify the signature of an image
//
// What it prints is notation's own.
//
// +cache="session"
func (m *ContainerSigning) Verify(
	ctx context.Context,
	// Image to verify, best by digest.
	image string,
	// The CA to trust, PEM or DER.
	ca *dagger.File,
	// A trust policy of your own. By default the CA's word is demanded of all images at the level strict.
	trustPolicy *dagger.File, // +optional
	// The trust store of type ca into which the CA goes, for your trust policy.
	trustStore string, // +default="container-signing"
	// The image's registry, where it is a service or on your machine: tcp://localhost:5002.
	registry *dagger.Service, // +optional
	// Docker's config.json with the credentials of the registry.
	registryCredentials *dagger.Secret, // +optional
	// The registry speaks plain HTTP, as one on loopback does anyway.
	plainHttp bool, // +optional
) (string, error) {
	if ca == nil {
		return "", hint.Add(errors.New("verifying: there is no CA to trust"), "give it by --ca")
	}
	signed, err := reference.Parse(image)
	if err != nil {
		return "", err
	}
	at := newAccess(signed.Registry(), registry, registryCredentials, plainHttp)
	return m.verify(ctx, signed, at, trust{ca: ca, policy: trustPolicy, store: trustStore})
}

// A trust is whom notation is to trust.
type trust struct {
	ca     *dagger.File
	policy *dagger.File // nil for the default
	store  string       // "" for the default
}

// verify verifies the signature of an image.
func (m *ContainerSigning) verify(ctx context.Context, image reference.Image, at access, whom trust) (string, error) {
	box, err := m.signingBox(ctx, nil)
	if err != nil {
		return "", err
	}
	const ca, policy = "/run/ca", "/run/trustpolicy.json"
	box = box.WithMountedFile(ca, whom.ca)
	trusting := command.Trust(ca, whom.store, "")
	if whom.policy != nil {
		box = box.WithMountedFile(policy, whom.policy)
		trusting = command.Trust(ca, whom.store, policy)
	}
	if box, err = evaluate(ctx, "trusting the CA", failure.Given{}, box.WithExec(trusting)); err != nil {
		return "", err
	}
	return notation(ctx, box, at, "verify", image)
}

// Show the signatures of an image with their certificates
//
// What it prints is notation's own.
//
// +cache="session"
func (m *ContainerSigning) Inspect(
	ctx context.Context,
	// Image to inspect, best by digest.
	image string,
	// The image's registry, where it is a service or on your machine: tcp://localhost:5002.
	registry *dagger.Service, // +optional
	// Docker's config.json with the credentials of the registry.
	registryCredentials *dagger.Secret, // +optional
	// The registry speaks plain HTTP, as one on loopback does anyway.
	plainHttp bool, // +optional
) (string, error) {
	signed, err := reference.Parse(image)
	if err != nil {
		return "", err
	}
	return m.inspect(ctx, signed, newAccess(signed.Registry(), registry, registryCredentials, plainHttp))
}

// inspect shows the signatures of an image.
func (m *ContainerSigning) inspect(ctx context.Context, image reference.Image, at access) (string, error) {
	box, err := m.signingBox(ctx, nil)
	if err != nil {
		return "", err
	}
	return notation(ctx, box, at, "inspect", image)
}

// notation runs a command of notation on an image.
func notation(
	ctx context.Context,
	box *dagger.Container,
	at access,
	verb string,
	image reference.Image,
) (string, error) {
	box, arguments, err := reach(ctx, box, command.Notation(verb, image, at.Insecure("--insecure-registry")), at)
	if err != nil {
		return "", err
	}
	done, err := evaluate(ctx, "notation "+verb, given(at), anew(box, newRun()).WithExec(arguments))
	if err != nil {
		return "", err
	}
	return done.Stdout(ctx)
}
