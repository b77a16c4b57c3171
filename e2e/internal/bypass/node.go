package bypass

import "context"

// A Node is a node on which the caller is an administrator.
type Node struct {
	// Name is that of the node in the cluster.
	Name string
	// StaticPods is the folder from which its kubelet takes pods.
	StaticPods string
	Runtime    Runtime
	// CtrPull pulls as containerd's own tool does.
	CtrPull func(ctx context.Context, reference string) error
}

// A Runtime is a container runtime as kubelet uses it.
type Runtime interface {
	Pull(ctx context.Context, reference string) error
	// Has tells whether containers could use an image without a pull.
	Has(ctx context.Context, reference string) (bool, error)
}
