package main

import (
	"context"
	"fmt"
	"slices"

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

// lead is the flag with which e2e leads the name of a registry on loopback to
// its service, if it is one. The image keeps its name by that, by which
// credentials and trust policies go.
func (a access) lead(ctx context.Context) ([]string, error) {
	if a.service == nil || !reference.OnLoopback(a.image) {
		return nil, nil
	}
	port, err := portOf(ctx, a.service)
	if err != nil {
		return nil, fmt.Errorf("asking for the port of the registry of %q: %w", a.image, err)
	}
	return []string{"--lead", fmt.Sprintf("127.0.0.1:%s=%s:%d", reference.Port(a.image), a.alias, port)}, nil
}

// reach makes a container reach registries, and returns the command that runs
// args there.
func reach(ctx context.Context, container *dagger.Container, args []string, registries ...access) (*dagger.Container, []string, error) {
	var leads []string
	led := map[string]bool{}
	for _, at := range registries {
		var err error
		if container, err = at.bind(container); err != nil {
			return nil, nil, err
		}
		if host := reference.Host(at.image); led[host] {
			continue // both are in one registry
		} else {
			led[host] = true
		}
		lead, err := at.lead(ctx)
		if err != nil {
			return nil, nil, err
		}
		leads = append(leads, lead...)
	}
	if len(leads) == 0 {
		return container, args, nil
	}
	return container, slices.Concat([]string{"e2e", "forward"}, leads, []string{"--"}, args), nil
}

// insecure is the flag for a registry that speaks plain HTTP, as it was told or
// as one on loopback does. notation knows that of the name localhost alone.
func (a access) insecure(flag string) []string {
	if a.plainHTTP || reference.OnLoopback(a.image) {
		return []string{flag}
	}
	return nil
}
