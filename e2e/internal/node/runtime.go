package node

import (
	"context"
	"fmt"
	"net"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	cri "k8s.io/cri-api/pkg/apis/runtime/v1"

	"container-signing/e2e/internal/forward"
)

// runtimeSocket is containerd's own, in the node.
const runtimeSocket = "/run/containerd/containerd.sock"

// RuntimeSocket is where programs on the host reach containerd if the node's
// folder is their working directory: the path of a socket may have little more
// than a hundred bytes (unix(7)), and gRPC wants an absolute one.
const RuntimeSocket = "/proc/self/cwd/" + runtimeName + ".sock"

const runtimeName = "containerd"

// offerRuntime lets the host reach containerd.
func offerRuntime(dir string) error {
	sockets, err := openSockets(dir)
	if err != nil {
		return err
	}
	listener, err := net.Listen("unix", sockets.path(runtimeName))
	if err != nil {
		return fmt.Errorf("forwarding containerd out of the node: %w", err)
	}
	go forward.Serve(listener, func() (net.Conn, error) { return net.Dial("unix", runtimeSocket) })
	return nil
}

// A Runtime is the container runtime of a node as kubelet, or anybody on the
// node, uses it: by the Container Runtime Interface.
type Runtime struct {
	sockets    socketFolder
	connection *grpc.ClientConn
}

// OpenRuntime returns the container runtime of the node in dir.
func OpenRuntime(dir string) (*Runtime, error) {
	sockets, err := openSockets(dir)
	if err != nil {
		return nil, err
	}
	dial := sockets.dialer(runtimeName)
	connection, err := grpc.NewClient("passthrough:///containerd",
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(context.Context, string) (net.Conn, error) { return dial() }))
	if err != nil {
		return nil, fmt.Errorf("making a client of containerd: %w", err)
	}
	return &Runtime{sockets, connection}, nil
}

// Close ends the connection.
func (r *Runtime) Close() error {
	if err := r.connection.Close(); err != nil {
		return fmt.Errorf("leaving containerd: %w", err)
	}
	return r.sockets.Close()
}

// Pull pulls an image.
func (r *Runtime) Pull(ctx context.Context, reference string) error {
	request := &cri.PullImageRequest{Image: &cri.ImageSpec{Image: reference}}
	_, err := cri.NewImageServiceClient(r.connection).PullImage(ctx, request)
	if err != nil {
		return fmt.Errorf("pulling image %q: %w", reference, err)
	}
	return nil
}

// Has tells whether containers could use an image without a pull.
func (r *Runtime) Has(ctx context.Context, reference string) (bool, error) {
	request := &cri.ImageStatusRequest{Image: &cri.ImageSpec{Image: reference}}
	status, err := cri.NewImageServiceClient(r.connection).ImageStatus(ctx, request)
	if err != nil {
		return false, fmt.Errorf("looking for image %q: %w", reference, err)
	}
	return status.Image != nil, nil
}

// Remove removes an image with all its names.
func (r *Runtime) Remove(ctx context.Context, reference string) error {
	request := &cri.RemoveImageRequest{Image: &cri.ImageSpec{Image: reference}}
	if _, err := cri.NewImageServiceClient(r.connection).RemoveImage(ctx, request); err != nil {
		return fmt.Errorf("removing image %q: %w", reference, err)
	}
	return nil
}

// Running lists the IDs of the containers that run.
func (r *Runtime) Running(ctx context.Context) ([]string, error) {
	list, err := cri.NewRuntimeServiceClient(r.connection).ListContainers(ctx, &cri.ListContainersRequest{
		Filter: &cri.ContainerFilter{State: &cri.ContainerStateValue{State: cri.ContainerState_CONTAINER_RUNNING}},
	})
	if err != nil {
		return nil, fmt.Errorf("listing containers: %w", err)
	}
	var ids []string
	for _, container := range list.Containers {
		ids = append(ids, container.Id)
	}
	return ids, nil
}
