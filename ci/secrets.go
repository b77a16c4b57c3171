package main

import (
	"context"
	"fmt"

	"dagger/container-signing/internal/command"
	"dagger/container-signing/internal/dagger"
	"dagger/container-signing/internal/request"
	"dagger/container-signing/internal/secret"
)

// withSecrets gives a signer its secrets, and returns the flags with which
// `e2e sign` conceals them.
func withSecrets(
	ctx context.Context,
	container *dagger.Container,
	secrets []*dagger.Secret,
) (*dagger.Container, []string, error) {
	var conceal []string
	for _, one := range secrets {
		name, err := one.Name(ctx)
		if err != nil {
			return nil, nil, fmt.Errorf("reading the name of a secret: %w", err)
		}
		uri, err := one.URI(ctx)
		if err != nil {
			return nil, nil, fmt.Errorf("reading where a secret comes from: %w", err)
		}
		variable, file, err := secret.Place(name, uri)
		if err != nil {
			return nil, nil, err
		}
		if variable != "" {
			container = container.WithSecretVariable(variable, one)
			conceal = append(conceal, command.ConcealVariable(variable)...)
		} else {
			container = container.WithMountedSecret(file, one)
			conceal = append(conceal, command.ConcealFile(file)...)
		}
	}
	return container, conceal, nil
}

// withEnvironment gives a signer the rest of its environment.
func withEnvironment(container *dagger.Container, assignments []string) (*dagger.Container, error) {
	for _, assignment := range assignments {
		name, value, err := request.Assignment(assignment)
		if err != nil {
			return nil, err
		}
		container = container.WithEnvVariable(name, value)
	}
	return container, nil
}
