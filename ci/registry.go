package main

import (
	"context"
	"fmt"

	"dagger/container-signing/internal/dagger"
	"dagger/container-signing/internal/toolset"
)

// registryPort is where a registry of this module listens.
const registryPort = 5000

// configuration of the registry, as distribution's documentation describes it.
const registryConfiguration = `version: 0.1
log: {level: info, accesslog: {disabled: true}}
storage:
  filesystem: {rootdirectory: /var/lib/registry}
  delete: {enabled: true}
http: {addr: ":%d"}
`

// An OCI registry as a service
//
// `dagger call registry --name ci up --ports 5002:5000` runs one. Registries of
// different names are different registries. Their content is gone when they end.
func (m *ContainerSigning) Registry(
	ctx context.Context,
	// What makes it another registry than the others.
	name string, // +default="registry"
	// Who may use it: a file that htpasswd has written with bcrypt (-B). By default everybody may.
	htpasswd *dagger.Secret, // +optional
) (*dagger.Service, error) {
	container, err := m.with(ctx, toolset.Registry)
	if err != nil {
		return nil, err
	}
	container = lean(container).
		WithNewFile("/etc/registry.yaml", fmt.Sprintf(registryConfiguration, registryPort)).
		// Equal services are one service.
		WithEnvVariable("CONTAINER_SIGNING_REGISTRY", name).
		WithEnvVariable("OTEL_TRACES_EXPORTER", "none").
		WithExposedPort(registryPort)
	if htpasswd != nil {
		container = container.
			WithMountedSecret("/run/secrets/htpasswd", htpasswd).
			WithEnvVariable("REGISTRY_AUTH", "htpasswd").
			WithEnvVariable("REGISTRY_AUTH_HTPASSWD_REALM", name).
			WithEnvVariable("REGISTRY_AUTH_HTPASSWD_PATH", "/run/secrets/htpasswd")
	}
	serving := []string{"registry", "serve", "/etc/registry.yaml"}
	return container.AsService(dagger.ContainerAsServiceOpts{Args: serving}), nil
}
