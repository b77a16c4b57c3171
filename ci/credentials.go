package main

import (
	"context"

	"dagger/container-signing/internal/command"
	"dagger/container-signing/internal/dagger"
	"dagger/container-signing/internal/toolset"
)

// credentialsFolder holds a cluster's authority and kubeconfig.
const credentialsFolder = "/run/credentials"

// The kubeconfig of the administrator of a cluster
//
// To use it from your machine while `cluster` is up:
// `dagger call kubeconfig --server https://localhost:6443 export --path kubeconfig`
func (m *ContainerSigning) Kubeconfig(
	ctx context.Context,
	// The name of the cluster.
	name string, // +default="cluster"
	// Where you reach its API server.
	server string, // +default="https://localhost:6443"
) (*dagger.File, error) {
	full, err := m.with(ctx, toolset.Cluster)
	if err != nil {
		return nil, err
	}
	const file = "/run/kubeconfig"
	return full.
		WithFile(file, m.clusterCredentials(full, name).File("kubeconfig")).
		WithExec([]string{"sed", "-i", "s#" + clusterURL + "#" + server + "#", file}).
		File(file), nil
}

// clusterCredentials are an authority for the cluster of a name, and a
// kubeconfig. They are made once, and then the engine's cache has them: the
// cluster and its kubeconfig may be asked for one after the other.
func (m *ContainerSigning) clusterCredentials(full *dagger.Container, name string) *dagger.Directory {
	return anew(m.withProgram(lean(full)), name).
		WithExec(command.Credentials(credentialsFolder, clusterURL)).
		Directory(credentialsFolder)
}
