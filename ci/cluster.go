package main

import (
	"context"
	"fmt"

	"dagger/container-signing/internal/command"
	"dagger/container-signing/internal/dagger"
	"dagger/container-signing/internal/hint"
	"dagger/container-signing/internal/inputs"
	"dagger/container-signing/internal/reference"
	"dagger/container-signing/internal/request"
	"dagger/container-signing/internal/toolset"
)

const (
	// clusterPort is where a cluster's API server listens.
	clusterPort = 6443
	// readyPort is where a cluster that is awaited answers GET /readyz.
	readyPort = 6444
	// clusterName is how containers call a cluster that they are bound to.
	clusterName = "cluster"
	// clusterURL is where these find its API server.
	clusterURL = "https://" + clusterName + ":6443"
	// readyURL is where these ask whether it is ready.
	readyURL = "http://" + clusterName + ":6444/readyz"
)

// Kubernetes with Kyverno as a service
//
// `dagger call cluster up --ports 6443:6443` runs one. It is ready when its port
// is open. The function kubeconfig makes an administrator's kubeconfig for it.
// Without --node pods are admitted or refused, and wait.
//
// +cache="session"
func (m *ContainerSigning) Cluster(
	ctx context.Context,
	// What makes it another cluster than the others, with another authority.
	name string, // +default="cluster"
	// A registry from which Kyverno reads signatures, where it is a service or on your machine.
	registry *dagger.Service, // +optional
	// The registry's address in the names of images.
	registryAddress string, // +default="127.0.0.1:5001"
	// Run a node too, in a privileged container. It pulls from that registry alone, and verifies images before.
	node bool, // +optional
	// The CA that the node's image verifier trusts.
	ca *dagger.File, // +optional
) (*dagger.Service, error) {
	if err := request.Node(node, registry != nil, ca != nil); err != nil {
		return nil, err
	}
	at, err := clusterRegistry(registry, registryAddress)
	if err != nil {
		return nil, err
	}
	return m.clusterService(ctx, clusterPlan{name: name, registry: at, node: node, ca: ca})
}

// clusterRegistry is how a cluster reaches the registry of its images.
func clusterRegistry(service *dagger.Service, address string) (access, error) {
	registry, err := reference.ParseRegistry(address)
	if err != nil {
		return access{}, hint.Add(err, "give --registry-address as the names of images have it, such as 127.0.0.1:5001")
	}
	return newAccess(registry, service, nil, false), nil
}

// A clusterPlan says what cluster to start.
type clusterPlan struct {
	name     string
	registry access // without a service for none
	node     bool
	ca       *dagger.File // that the node's image verifier trusts
	// plain says that all images are in registries that speak plain HTTP: the
	// cluster then needs no CAs, which only a distribution has.
	plain bool
	// awaited makes it a service that is up at once, and answers at readyURL
	// when it is ready. Otherwise the engine waits for its port: it looks at
	// growing intervals, and would see it seconds later.
	awaited bool
}

// clusterService makes a service of a cluster.
func (m *ContainerSigning) clusterService(ctx context.Context, plan clusterPlan) (*dagger.Service, error) {
	box, err := m.clusterBox(ctx, plan)
	if err != nil {
		return nil, err
	}
	box = box.WithExposedPort(
		clusterPort,
		dagger.ContainerWithExposedPortOpts{ExperimentalSkipHealthcheck: plan.awaited},
	)
	asked := command.Cluster{
		Credentials: credentialsFolder,
		Listen:      fmt.Sprintf("0.0.0.0:%d", clusterPort),
		Host:        clusterName,
	}
	if plan.awaited {
		box = box.WithExposedPort(readyPort)
		asked.Ready = fmt.Sprintf("0.0.0.0:%d", readyPort)
	}
	if plan.node {
		asked.Node = &command.Node{
			Registry: plan.registry.Registry,
			Verifier: verifierPath,
			Trust:    trustFolder + "/notation",
		}
	}
	if plan.registry.service != nil {
		if box, err = plan.registry.bind(box); err != nil {
			return nil, err
		}
		if asked.Lead, err = plan.registry.lead(ctx); err != nil {
			return nil, err
		}
	}
	return box.AsService(dagger.ContainerAsServiceOpts{Args: asked.Command(), InsecureRootCapabilities: plan.node}), nil
}

// clusterBox is a container that can run a cluster.
func (m *ContainerSigning) clusterBox(ctx context.Context, plan clusterPlan) (*dagger.Container, error) {
	uses := toolset.Cluster
	if plan.node {
		uses |= toolset.Node
	}
	full, err := m.with(ctx, uses)
	if err != nil {
		return nil, err
	}
	var box *dagger.Container
	switch {
	case plan.node:
		box = m.nodeBox(full, plan.ca)
	case plan.plain:
		box = m.withProgram(lean(full))
	default:
		box = m.withProgram(quick(full))
	}
	return box.WithMountedDirectory(credentialsFolder, m.clusterCredentials(full, plan.name)), nil
}

const (
	// verifierPath is containerd's image verifier, in a folder with nothing else.
	verifierPath = "/opt/container-signing/image-verifier/notation-image-verifier"
	// trustFolder is where notation keeps what a node's image verifier trusts.
	trustFolder = "/opt/container-signing/trust"
)

// nodeBox is a container that can run a cluster with a node.
func (m *ContainerSigning) nodeBox(full *dagger.Container, ca *dagger.File) *dagger.Container {
	const path = "/run/ca"
	return m.equip(quick(full)).
		WithFile(verifierPath, m.program(inputs.ImageVerifier, "")).
		WithMountedFile(path, ca).
		WithEnvVariable("XDG_CONFIG_HOME", trustFolder).
		WithExec(command.Trust(path, "", ""))
}
