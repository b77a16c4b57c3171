// Package node runs a Kubernetes node on this machine: containerd, runc and
// kubelet, the real programs, in namespaces of their own (mount, network, pid,
// cgroup, ipc and uts), so that nothing of it is visible or left on the host.
//
// It is a chain of processes of this same program, each the parent of the next.
// Two are in the namespaces of the host, the others in those of the node:
//
//	process     where  what it does                        it ends when
//	front       host   belongs to the run, as the node's   the run kills it, or
//	                   end that the run sees               the keeper has ended
//	keeper      host   makes the cgroups and namespaces,   the front has ended
//	                   and removes them; forwards          or init has
//	                   what the node reaches of the host
//	init        node   is process 1: makes mounts and      the keeper kills it
//	                   network, reaps orphans; with it     or ends, or the
//	                   the kernel ends all in the node     supervisor ends
//	supervisor  node   configures and starts containerd    containerd or
//	                   and kubelet, and restarts them      kubelet ends
//	                   when it is asked to
//
// The front can be killed together with the run's other processes, the keeper is
// out of reach of that: it has a session of its own, and notices the front's end
// by the end of a pipe. If the keeper is killed too, the kernel ends init with
// it, and the front removes the cgroups. If both are killed at once, the
// janitor of the run's folder removes them ([Sweep]). A fifth process, the
// probe, tries what init does, in namespaces that end with it ([Check]).
//
// The node's network namespace has no way out. What the node needs of the host
// is forwarded: the keeper listens on sockets in the node's folder, which the
// supervisor connects to from the same addresses of loopback as on the host,
// or from where their names lead to in the node. In the same way the host
// reaches the supervisor and containerd.
package node

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"

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
	Dir        string
	Membership Membership
	// Registries are addresses that speak plain HTTP, and the only ones that
	// the node reaches.
	Registries []string
	// Verifier is the image verifier that containerd asks, and Trust is
	// notation's configuration folder for it. Without one every pull is
	// allowed.
	Verifier string
	Trust    string
}

// A Membership is what makes a node one of a cluster's.
type Membership struct {
	// Kubeconfig connects kubelet, as the node called [Name], to the API server,
	// which is at the address APIServer.
	Kubeconfig string
	APIServer  string
	// CertificateAuthority is the file of the cluster's authority.
	CertificateAuthority string
}

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
	return processes.Start(process.Command{
		Name: "node", Path: self, Args: []string{frontName, c.Dir}, NotifiesReady: true,
	})
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

// reached are the addresses of the host that the node reaches, each once.
func (c Configuration) reached() []string {
	all := append([]string{c.Membership.APIServer}, c.Registries...)
	slices.Sort(all)
	return slices.Compact(all)
}
