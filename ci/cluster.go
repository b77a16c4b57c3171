package main

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"dagger/container-signing/internal/dagger"
)

const (
	// clusterPort is where a cluster's API server listens.
	clusterPort = 6443
	// readyPort is where a cluster that is awaited answers GET /readyz.
	readyPort = 6444
	// readyURL is where containers that are bound to it as "cluster" ask.
	readyURL = "http://cluster:6444/readyz"
	// clusterURL is where it is found by containers that are bound to it as
	// "cluster".
	clusterURL = "https://cluster:6443"
	// credentialsFolder holds a cluster's authority and kubeconfig.
	credentialsFolder = "/run/credentials"
)

// Kubernetes with Kyverno: `dagger call cluster up --ports 6443:6443`
//
// It is ready when its port is open. `kubeconfig` makes an administrator's
// kubeconfig for it. Without --node pods are admitted or refused, and wait.
//
// +cache="session"
func (m *ContainerSigning) Cluster(
	ctx context.Context,
	// What makes it another cluster than the others, with another authority.
	//
	// +default="cluster"
	name string,
	// A registry from which Kyverno reads signatures, where it is a service or
	// on your machine.
	//
	// +optional
	registry *dagger.Service,
	// The registry's address in the names of images.
	//
	// +default="127.0.0.1:5001"
	registryAddress string,
	// Run a node too, so that admitted pods start. It pulls from that registry
	// alone, and verifies images before. It is a privileged container.
	//
	// +optional
	node bool,
	// The CA that the node's image verifier trusts.
	//
	// +optional
	ca *dagger.File,
) (*dagger.Service, error) {
	if node && (ca == nil || registry == nil) {
		return nil, errors.New("--node needs --registry and --ca: where the node pulls from, and what it trusts")
	}
	return m.clusterService(ctx, clusterPlan{name: name, registry: registry, registryAddress: registryAddress, node: node, ca: ca})
}

// A clusterPlan says what cluster to start.
type clusterPlan struct {
	name            string
	registry        *dagger.Service // nil for none
	registryAddress string
	node            bool
	ca              *dagger.File // that the node's image verifier trusts
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
	full, err := m.with(ctx, clusterFolders...)
	if err != nil {
		return nil, err
	}
	args := []string{"e2e", "cluster", "--credentials", credentialsFolder, "--listen", "0.0.0.0:6443", "--host", "cluster"}
	var box *dagger.Container
	switch {
	case plan.node:
		if box, err = m.nodeBox(ctx, plan.ca); err != nil {
			return nil, err
		}
		args = append(args, "--node", "on", "--registry", plan.registryAddress, "--image-verifier", verifierPath, "--trust", trustFolder+"/notation")
	case plan.plain:
		box = m.withProgram(lean(full))
	default:
		box = m.withProgram(full)
	}
	box = box.
		WithMountedDirectory(credentialsFolder, m.clusterCredentials(full, plan.name)).
		WithExposedPort(clusterPort, dagger.ContainerWithExposedPortOpts{ExperimentalSkipHealthcheck: plan.awaited})
	if plan.awaited {
		box = box.WithExposedPort(readyPort)
		args = append(args, "--readyz", fmt.Sprintf("0.0.0.0:%d", readyPort))
	}
	if plan.registry != nil {
		at := access{image: plan.registryAddress + "/", service: plan.registry, alias: "registry"}
		if box, err = at.bind(box); err != nil {
			return nil, err
		}
		lead, err := at.lead(ctx)
		if err != nil {
			return nil, err
		}
		args = append(args, lead...)
	}
	return box.AsService(dagger.ContainerAsServiceOpts{Args: args, InsecureRootCapabilities: plan.node}), nil
}

// verifierPath is containerd's image verifier, in a folder with nothing else.
const verifierPath = "/opt/container-signing/image-verifier/notation-image-verifier"

// trustFolder is where notation keeps what a node's image verifier trusts.
const trustFolder = "/opt/container-signing/trust"

// clusterFolders pin what a cluster and its judge need.
var clusterFolders = []string{"notation", "oras", "etcd", "kubernetes", "kyverno"}

// nodeFolders pin what a node needs beside a cluster.
var nodeFolders = []string{"containerd", "runc", "runc-unfiltered", "cni", "pause"}

// nodeBox is a container that can run a cluster with a node.
func (m *ContainerSigning) nodeBox(ctx context.Context, ca *dagger.File) (*dagger.Container, error) {
	container, err := m.with(ctx, slices.Concat(clusterFolders, nodeFolders)...)
	if err != nil {
		return nil, err
	}
	return m.equip(container).
		WithFile(verifierPath, m.program("./plugin/image-verifier", "", "plugin")).
		WithMountedFile("/run/ca", ca).
		WithEnvVariable("XDG_CONFIG_HOME", trustFolder).
		WithExec([]string{"e2e", "trust", "--ca", "/run/ca"}), nil
}

// The kubeconfig of the administrator of a `cluster`
//
// To use it from your machine while that is up:
// `dagger call kubeconfig --server https://localhost:6443 export --path kubeconfig`
func (m *ContainerSigning) Kubeconfig(
	ctx context.Context,
	// The name of the cluster.
	//
	// +default="cluster"
	name string,
	// Where you reach its API server.
	//
	// +default="https://localhost:6443"
	server string,
) (*dagger.File, error) {
	full, err := m.with(ctx, clusterFolders...)
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
		WithExec([]string{"e2e", "credentials", "--output", credentialsFolder, "--server", clusterURL}).
		Directory(credentialsFolder)
}
