package main

import (
	"context"
	"errors"
	"fmt"

	"dagger/container-signing/internal/dagger"
	"dagger/container-signing/internal/failure"
	"dagger/container-signing/internal/reference"
	"dagger/container-signing/internal/route"
)

// An access is how a registry is reached. Dagger takes the names and the texts
// of arguments from each function itself, so those that make an access have to
// be repeated wherever one is taken; a test keeps their texts equal.
type access struct {
	route.Route
	service     *dagger.Service // nil for a registry that the network knows
	credentials *dagger.Secret
}

const (
	// dockerFolder is where notation and oras look for docker's credentials.
	dockerFolder = "/run/docker"
	dockerConfig = dockerFolder + "/config.json"
)

// newAccess is how a registry is reached that a function is told of by
// --registry, --registry-credentials and --plain-http.
func newAccess(
	registry reference.Registry,
	service *dagger.Service,
	credentials *dagger.Secret,
	plainHTTP bool,
) access {
	return access{
		Route: route.Route{
			Registry:  registry,
			Service:   service != nil,
			Flag:      "--registry",
			PlainHTTP: plainHTTP,
			Alias:     "registry",
		},
		service: service, credentials: credentials,
	}
}

// to makes it the access to where something goes, by --to-registry.
func (a access) to() access {
	a.Flag, a.Alias = "--to-registry", "toregistry"
	return a
}

// bind makes a container reach the registry by its name, or by the alias.
func (a access) bind(container *dagger.Container) (*dagger.Container, error) {
	if err := a.Check(); err != nil {
		return nil, err
	}
	if a.credentials != nil {
		container = container.WithMountedSecret(dockerConfig, a.credentials).
			WithEnvVariable("DOCKER_CONFIG", dockerFolder)
	}
	if a.service != nil {
		container = container.WithServiceBinding(a.Hostname(), a.service)
	}
	return container, nil
}

// lead is the flag with which e2e leads the name of a registry on loopback to
// its service, if it is one.
func (a access) lead(ctx context.Context) ([]string, error) {
	if !a.Led() {
		return nil, nil
	}
	port, err := portOf(ctx, a.service)
	if err != nil {
		return nil, fmt.Errorf("asking for the port of the registry %s: %w", a.Registry, err)
	}
	return a.Lead(port), nil
}

// portOf is the port of a service.
func portOf(ctx context.Context, service *dagger.Service) (int, error) {
	ports, err := service.Ports(ctx)
	if err != nil {
		return 0, err
	}
	if len(ports) == 0 {
		return 0, errors.New("the service exposes no port")
	}
	return ports[0].Port(ctx)
}

// reach makes a container reach registries, and returns the command that runs
// another one there.
func reach(
	ctx context.Context, container *dagger.Container, command []string, registries ...access,
) (*dagger.Container, []string, error) {
	var leads []string
	for _, at := range route.Distinct(registries, func(a access) route.Route { return a.Route }) {
		var err error
		if container, err = at.bind(container); err != nil {
			return nil, nil, err
		}
		lead, err := at.lead(ctx)
		if err != nil {
			return nil, nil, err
		}
		leads = append(leads, lead...)
	}
	return container, route.Forward(leads, command), nil
}

// given is what explains a failure to reach one of the registries.
func given(registries ...access) failure.Given {
	var explains failure.Given
	for _, at := range registries {
		explains.Credentials = explains.Credentials || at.credentials != nil
		if at.service != nil && explains.Service == "" {
			explains.Service = at.Flag
		}
	}
	return explains
}
