package command

import (
	"slices"

	"dagger/container-signing/internal/reference"
)

// A Cluster is what `e2e cluster` needs to know.
type Cluster struct {
	// Credentials is the folder with its authority.
	Credentials string
	// Listen is where its API server listens, and Host how it is called.
	Listen, Host string
	// Ready is where it answers whether it is ready; empty for nowhere.
	Ready string
	// Lead are the flags that lead to its registry.
	Lead []string
	// Node is its node; nil for none.
	Node *Node
}

// A Node is what a cluster needs to know to run a node.
type Node struct {
	Registry reference.Registry
	// Verifier is the image verifier, and Trust the folder of what it trusts.
	Verifier, Trust string
}

// Command is the command line.
func (c Cluster) Command() []string {
	command := []string{"e2e", "cluster", "--credentials", c.Credentials, "--listen", c.Listen, "--host", c.Host}
	if c.Node != nil {
		command = append(command, "--node", "on", "--registry", string(c.Node.Registry),
			"--image-verifier", c.Node.Verifier, "--trust", c.Node.Trust)
	}
	return slices.Concat(command, optional("--readyz", c.Ready), c.Lead)
}

// A Connection is how a cluster is reached.
type Connection struct {
	Kubeconfig string
	// Server is the API server, where it isn't that of the kubeconfig.
	Server string
	// Await is where a cluster answers that is being started.
	Await string
}

func (c Connection) flags() []string {
	return slices.Concat(
		[]string{"--kubeconfig", c.Kubeconfig}, optional("--server", c.Server), optional("--await", c.Await))
}

// A Judge is what `e2e judge` needs to know.
type Judge struct {
	Connection
	CA, Report string
	// Workloads and Policies are folders of the user's.
	Workloads, Policies string
	// Run are the images and the policy of a run, instead of those.
	Run *Run
}

// A Run is what a whole run judges.
type Run struct {
	State      string
	Production reference.Registry
	Policy     string
	// Node says that the cluster has a node: admitted pods must run, and the
	// ways around the policy are tried.
	Node bool
}

// Command is the command line.
func (j Judge) Command() []string {
	command := slices.Concat(
		[]string{"e2e", "judge", "--report", j.Report}, j.flags(), []string{"--ca", j.CA},
		optional("--workloads", j.Workloads), optional("--policies", j.Policies))
	if j.Run == nil {
		return command
	}
	command = append(command,
		"--state", j.Run.State, "--production-registry", string(j.Run.Production), "--policy", j.Run.Policy)
	if j.Run.Node {
		command = append(command, "--runs", "--bypass")
	}
	return command
}

// An Attack is what `e2e attack` needs to know.
type Attack struct {
	Connection
	Report string
	// Repository is for images that must not run, and Signed an image that the
	// cluster must admit; empty for none.
	Repository, Signed string
	// Run lets run what is admitted.
	Run bool
	// PlainHTTP says that the registries speak it, also where they aren't on
	// loopback.
	PlainHTTP bool
}

// Command is the command line.
func (a Attack) Command() []string {
	command := slices.Concat(
		[]string{"e2e", "attack", "-v", "--report", a.Report}, a.flags(),
		[]string{"--repository", a.Repository}, optional("--signed", a.Signed))
	if a.Run {
		command = append(command, "--run")
	}
	if a.PlainHTTP {
		command = append(command, "--plain-http")
	}
	return command
}
