// Package node runs a Kubernetes node on this machine: containerd, runc and
// kubelet, the real programs, in namespaces of their own (mount, network, pid,
// cgroup, ipc and uts), so that nothing of it is visible or left on the host.
//
// It is a chain of processes of this same program, each of which does what the
// next one can't do for itself:
//
//   - the front belongs to the run's processes and ends when it is killed;
//   - the keeper notices that by the end of a pipe, ends the node, and removes
//     its cgroups: it is out of reach of what kills the front;
//   - init is process 1 of the node: it makes its mounts and its network, and
//     takes over processes that have lost their parents. With it the kernel
//     ends all others;
//   - the supervisor starts containerd and kubelet, and restarts them when it is
//     asked to.
//
// The janitor of the run's folder removes cgroups that nobody else is left to
// remove.
//
// The network namespace has no way out. What the node needs of the host is
// forwarded: the keeper listens on sockets in the node's folder, which the
// supervisor connects to from the same addresses of loopback as on the host,
// or from where their names lead to in the node. In the same way the host
// reaches the supervisor and containerd.
package node

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"container-signing/e2e/internal/process"
	"container-signing/tools"
)

// Name is the node's name in the cluster.
const Name = "node"

// Configuration is what a node is made of.
type Configuration struct {
	Programs tools.Programs
	// Dir is the node's folder, an absolute path that init hides under a file
	// system of the node's own.
	Dir string
	// Kubeconfig connects kubelet to the API server, which is at APIServer.
	Kubeconfig string
	APIServer  string
	// CertificateAuthority is the file of the cluster's authority.
	CertificateAuthority string
	// Registries are addresses that speak plain HTTP, and the only ones that
	// the node reaches.
	Registries []string
	// Verifier is the image verifier that containerd asks, and Trust is
	// notation's configuration folder for it. Without one every pull is
	// allowed.
	Verifier string
	Trust    string
}

// Commands are the arguments with which a program that uses this package has
// to call [Main] with the argument that follows.
var Commands = []string{frontCommand, keeperCommand, initCommand, supervisorCommand, probeCommand}

const (
	frontCommand      = "node-front"
	keeperCommand     = "node-keeper"
	initCommand       = "node-init"
	supervisorCommand = "node-supervisor"
	probeCommand      = "node-probe"
)

// Start starts a node, and returns when it has been started. It is ready when
// containerd serves and kubelet has been started; that kubelet has registered
// the node is for the cluster to tell.
func Start(processes *process.Group, c Configuration) (*process.Process, error) {
	if err := os.MkdirAll(StaticPods(c.Dir), 0o700); err != nil {
		return nil, fmt.Errorf("making the node's folder: %w", err)
	}
	content, err := json.Marshal(c)
	if err != nil {
		return nil, fmt.Errorf("encoding the node's configuration: %w", err)
	}
	if err := os.WriteFile(configurationFile(c.Dir), content, 0o600); err != nil {
		return nil, fmt.Errorf("writing the node's configuration: %w", err)
	}
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("finding this program: %w", err)
	}
	return processes.Start(process.Command{Name: "node", Path: self, Args: []string{frontCommand, c.Dir}, NotifiesReady: true})
}

// StaticPods is the folder from which the kubelet of the node in dir takes pods
// that the API server isn't asked about.
func StaticPods(dir string) string { return filepath.Join(dir, "static-pods") }

func configurationFile(dir string) string { return filepath.Join(dir, "node.json") }

// readConfiguration reads what Start has written.
func readConfiguration(dir string) (Configuration, error) {
	var c Configuration
	content, err := os.ReadFile(configurationFile(dir))
	if err != nil {
		return c, fmt.Errorf("reading the node's configuration: %w", err)
	}
	if err := json.Unmarshal(content, &c); err != nil {
		return c, fmt.Errorf("reading the node's configuration: %w", err)
	}
	return c, nil
}

// reached are the addresses of the host that the node reaches.
func (c Configuration) reached() []string { return append([]string{c.APIServer}, c.Registries...) }
