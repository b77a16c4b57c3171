package main

import (
	"context"

	"dagger/container-signing/internal/command"
	"dagger/container-signing/internal/dagger"
	"dagger/container-signing/internal/request"
	"dagger/container-signing/internal/toolset"
)

// Try to get unsigned images into a cluster of yours
//
// What comes back is a folder with report.json, junit.xml and table.txt, which
// tells which lock has stopped each attack. One that isn't stopped is an error,
// unless --tolerate is set. Whatever enforces there is left as it is, and all
// that is made is deleted: workloads and images.
//
// +cache="session"
func (m *ContainerSigning) Attack(
	ctx context.Context,
	// The kubeconfig of a cluster of your own, as an administrator.
	kubeconfig *dagger.Secret,
	// An empty repository for the images, which is emptied again. The cluster reads it by this very name.
	repository string,
	// An image that the cluster must admit. Without it only refusals are judged.
	signed string, // +optional
	// The API server of that cluster, where it is on your machine: tcp://localhost:6443.
	apiServer *dagger.Service, // +optional
	// The image's registry, where it is a service or on your machine: tcp://localhost:5002.
	registry *dagger.Service, // +optional
	// Docker's config.json with the credentials of the registry.
	registryCredentials *dagger.Secret, // +optional
	// The registry speaks plain HTTP, as one on loopback does anyway.
	plainHttp bool, // +optional
	// What is admitted may run, so that a node can refuse it. By default the API server is asked by dry runs.
	run bool, // +optional
	// Return the report even if not all is as expected.
	tolerate bool, // +optional
) (*dagger.Directory, error) {
	images, err := request.Attacked(repository, signed, registry != nil)
	if err != nil {
		return nil, err
	}
	var reached []access
	for _, image := range images {
		reached = append(reached, newAccess(image.Registry(), registry, registryCredentials, plainHttp))
	}
	full, err := m.with(ctx, toolset.Making)
	if err != nil {
		return nil, err
	}
	box, connection, err := m.trusting(full).connectOwn(ctx, kubeconfig, apiServer)
	if err != nil {
		return nil, err
	}
	asked := command.Attack{
		Connection: connection, Report: reportPath, Repository: images[0].Repository(), Run: run, PlainHTTP: plainHttp,
	}
	if len(images) > 1 {
		asked.Signed = images[1].String()
	}
	judged, err := judge(ctx, anew(box, newRun()), asked.Command(), reached...)
	if err != nil {
		return nil, err
	}
	return judged.folder(tolerate)
}
