package main

import (
	"context"
	"fmt"

	"dagger/container-signing/internal/dagger"
	"dagger/container-signing/internal/reference"
)

// An access is how the registry of an image is reached.
type access struct {
	image       string
	service     *dagger.Service // nil for a registry that the network knows
	credentials *dagger.Secret
	plainHTTP   bool
	// alias is how a container calls the service of a registry whose own name
	// is that of loopback: there, that is the container itself.
	alias string
}

const (
	// dockerFolder is where notation and oras look for docker's credentials.
	dockerFolder = "/run/docker"
	dockerConfig = dockerFolder + "/config.json"
)

// bind makes a container reach the registry by its name, or by the alias.
func (a access) bind(container *dagger.Container) (*dagger.Container, error) {
	if a.service == nil && reference.OnLoopback(a.image) {
		return nil, fmt.Errorf("image %q is in a registry on loopback, which containers don't reach: give that registry as a service too, as tcp://%s", a.image, reference.Host(a.image))
	}
	if a.credentials != nil {
		container = container.WithMountedSecret(dockerConfig, a.credentials).WithEnvVariable("DOCKER_CONFIG", dockerFolder)
	}
	switch {
	case a.service == nil:
		return container, nil
	case reference.OnLoopback(a.image):
		return container.WithServiceBinding(a.alias, a.service), nil
	}
	return container.WithServiceBinding(reference.Name(a.image), a.service), nil
}

// lead is the command that runs args while the name of a registry on loopback
// leads to its service. The image keeps its name by that, by which credentials
// and trust policies go.
func (a access) lead(ctx context.Context, args []string) ([]string, error) {
	if a.service == nil || !reference.OnLoopback(a.image) {
		return args, nil
	}
	ports, err := a.service.Ports(ctx)
	if err != nil {
		return nil, fmt.Errorf("asking for the port of the registry of %q: %w", a.image, err)
	}
	if len(ports) == 0 {
		return nil, fmt.Errorf("the service of the registry of %q exposes no port", a.image)
	}
	port, err := ports[0].Port(ctx)
	if err != nil {
		return nil, fmt.Errorf("asking for the port of the registry of %q: %w", a.image, err)
	}
	return append([]string{
		"e2e", "forward", "--from", "127.0.0.1:" + reference.Port(a.image), "--to", fmt.Sprintf("%s:%d", a.alias, port), "--",
	}, args...), nil
}

// insecure is the flag for a registry that speaks plain HTTP, if it does.
func (a access) insecure(flag string) []string {
	if a.plainHTTP {
		return []string{flag}
	}
	return nil
}
