package main

import (
	"context"
	"errors"

	"dagger/container-signing/internal/dagger"
)

// Verify the signature of an image; what it prints is notation's own
//
// +cache="session"
func (m *ContainerSigning) Verify(
	ctx context.Context,
	// Image to verify, best by digest.
	image string,
	// The CA to trust, PEM or DER.
	ca *dagger.File,
	// A trust policy of your own. By default the CA's word is demanded of all
	// images at the level strict.
	//
	// +optional
	trustPolicy *dagger.File,
	// The trust store of type ca into which the CA goes, for your trust policy.
	//
	// +default="container-signing"
	trustStore string,
	// The image's registry, where it is a service or on your machine:
	// tcp://localhost:5001.
	//
	// +optional
	registry *dagger.Service,
	// Docker's config.json with the credentials of the registry.
	//
	// +optional
	registryCredentials *dagger.Secret,
	// The registry speaks plain HTTP, as one on loopback does anyway.
	//
	// +optional
	plainHttp bool,
) (string, error) {
	if ca == nil {
		return "", errors.New("there is no --ca to verify with")
	}
	box, err := m.signingBox(ctx, nil)
	if err != nil {
		return "", err
	}
	trust := []string{"e2e", "trust", "--ca", "/run/ca", "--trust-store", trustStore}
	box = box.WithMountedFile("/run/ca", ca)
	if trustPolicy != nil {
		box = box.WithMountedFile("/run/trustpolicy.json", trustPolicy)
		trust = append(trust, "--trust-policy", "/run/trustpolicy.json")
	}
	box, err = evaluate(ctx, "trusting the CA", box.WithExec(trust))
	if err != nil {
		return "", err
	}
	at := access{image: image, service: registry, credentials: registryCredentials, plainHTTP: plainHttp, alias: "registry"}
	return notation(ctx, box, at, "verify")
}

// Show the signatures of an image, their certificates among them; what it
// prints is notation's own
//
// +cache="session"
func (m *ContainerSigning) Inspect(
	ctx context.Context,
	// Image to inspect, best by digest.
	image string,
	// The image's registry, where it is a service or on your machine:
	// tcp://localhost:5001.
	//
	// +optional
	registry *dagger.Service,
	// Docker's config.json with the credentials of the registry.
	//
	// +optional
	registryCredentials *dagger.Secret,
	// The registry speaks plain HTTP, as one on loopback does anyway.
	//
	// +optional
	plainHttp bool,
) (string, error) {
	box, err := m.signingBox(ctx, nil)
	if err != nil {
		return "", err
	}
	at := access{image: image, service: registry, credentials: registryCredentials, plainHTTP: plainHttp, alias: "registry"}
	return notation(ctx, box, at, "inspect")
}

// notation runs a command of notation on an image.
func notation(ctx context.Context, box *dagger.Container, at access, command string) (string, error) {
	args := append([]string{"notation", command}, at.insecure("--insecure-registry")...)
	box, args, err := reach(ctx, box, append(args, at.image), at)
	if err != nil {
		return "", err
	}
	done, err := evaluate(ctx, "notation "+command, anew(box, newRun()).WithExec(args))
	if err != nil {
		return "", err
	}
	return done.Stdout(ctx)
}
