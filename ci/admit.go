package main

import (
	"context"
	"fmt"

	"dagger/container-signing/internal/command"
	"dagger/container-signing/internal/dagger"
	"dagger/container-signing/internal/request"
	"dagger/container-signing/internal/toolset"
)

// Apply policies and workloads to a cluster, and judge what it admits
//
// What comes back is a folder with report.json, junit.xml and table.txt. All in
// admit/ must be admitted and pinned to digests, and of each file in deny/ the
// last document refused, by the policy and for the reason that its annotations
// name. Anything else is an error, unless --tolerate is set. The workloads are
// deleted after it; the policies and the ConfigMap kyverno/notation-ca with the
// CA stay.
//
// +cache="session"
func (m *ContainerSigning) Admit(
	ctx context.Context,
	// Folder with admit/ and deny/: workloads that name real images.
	workloads *dagger.Directory,
	// The CA to trust, PEM or DER.
	ca *dagger.File,
	// Folder of policies. By default the ImageValidatingPolicy of this project.
	policies *dagger.Directory, // +optional
	// The kubeconfig of a cluster of your own, with its Kyverno. By default a cluster is started.
	kubeconfig *dagger.Secret, // +optional
	// The API server of that cluster, where it is on your machine: tcp://localhost:6443.
	apiServer *dagger.Service, // +optional
	// The registry of the images, for a cluster that is started: where it is a service or on your machine.
	registry *dagger.Service, // +optional
	// The registry's address in the names of images.
	registryAddress string, // +default="127.0.0.1:5001"
	// Return the report even if not all is as expected.
	tolerate bool, // +optional
) (*dagger.Directory, error) {
	if err := request.Connection(kubeconfig != nil, apiServer != nil); err != nil {
		return nil, err
	}
	box, connection, err := m.connect(ctx, kubeconfig, apiServer, registry, registryAddress)
	if err != nil {
		return nil, err
	}
	asked := command.Judge{Connection: connection, CA: caPath, Report: reportPath, Workloads: "/run/workloads"}
	box = box.WithMountedDirectory(asked.Workloads, workloads).WithMountedFile(caPath, ca)
	if policies != nil {
		asked.Policies = "/run/policies"
		box = box.WithMountedDirectory(asked.Policies, policies)
	}
	judged, err := judge(ctx, anew(box, newRun()), asked.Command())
	if err != nil {
		return nil, err
	}
	return judged.folder(tolerate)
}

// caPath is where a container has the CA to trust.
const caPath = "/run/ca"

// connect is a container that reaches a cluster: the user's, or one that is
// started.
func (m *ContainerSigning) connect(
	ctx context.Context,
	kubeconfig *dagger.Secret,
	apiServer, registry *dagger.Service,
	registryAddress string,
) (*dagger.Container, command.Connection, error) {
	full, err := m.with(ctx, toolset.Cluster)
	if err != nil {
		return nil, command.Connection{}, err
	}
	m = m.trusting(full)
	if kubeconfig != nil {
		return m.connectOwn(ctx, kubeconfig, apiServer)
	}
	at, err := clusterRegistry(registry, registryAddress)
	if err != nil {
		return nil, command.Connection{}, err
	}
	return m.connectFresh(ctx, at)
}

// connectOwn is a container that reaches a cluster of the user's. It has a
// distribution, whose CAs may vouch for that cluster.
func (m *ContainerSigning) connectOwn(
	ctx context.Context, kubeconfig *dagger.Secret, apiServer *dagger.Service,
) (*dagger.Container, command.Connection, error) {
	connection := command.Connection{Kubeconfig: "/run/secrets/kubeconfig"}
	box := m.withProgram(quick(m.Prebuilt)).WithMountedSecret(connection.Kubeconfig, kubeconfig)
	if apiServer == nil {
		return box, connection, nil
	}
	port, err := portOf(ctx, apiServer)
	if err != nil {
		return nil, connection, fmt.Errorf("reading --api-server: %w", err)
	}
	connection.Server = fmt.Sprintf("https://kubernetes:%d", port)
	return box.WithServiceBinding("kubernetes", apiServer), connection, nil
}

// connectFresh is a container that reaches a cluster that is started for it.
func (m *ContainerSigning) connectFresh(
	ctx context.Context, registry access,
) (*dagger.Container, command.Connection, error) {
	run := newRun()
	connection := command.Connection{Kubeconfig: credentialsFolder + "/kubeconfig", Await: readyURL}
	cluster, err := m.clusterService(ctx, clusterPlan{name: run, registry: registry, awaited: true})
	if err != nil {
		return nil, connection, err
	}
	return m.withProgram(lean(m.Prebuilt)).
		WithMountedDirectory(credentialsFolder, m.clusterCredentials(m.Prebuilt, run)).
		WithServiceBinding(clusterName, cluster), connection, nil
}
