package node

import (
	"context"
	"net"
	"slices"
	"strings"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	cri "k8s.io/cri-api/pkg/apis/runtime/v1"
)

// standIn answers as containerd does, for what nothing but a node has.
type standIn struct {
	cri.UnimplementedImageServiceServer
	cri.UnimplementedRuntimeServiceServer
}

const present = "registry/app:present"

func (standIn) PullImage(_ context.Context, r *cri.PullImageRequest) (*cri.PullImageResponse, error) {
	if r.Image.Image != present {
		return nil, status.Error(codes.Unknown, "image verifier blocked pull: no signature")
	}
	return &cri.PullImageResponse{}, nil
}

func (standIn) ImageStatus(_ context.Context, r *cri.ImageStatusRequest) (*cri.ImageStatusResponse, error) {
	if r.Image.Image != present {
		return &cri.ImageStatusResponse{}, nil
	}
	return &cri.ImageStatusResponse{Image: &cri.Image{Id: "1"}}, nil
}

func (standIn) ListContainers(_ context.Context, r *cri.ListContainersRequest) (*cri.ListContainersResponse, error) {
	if r.Filter.State.State != cri.ContainerState_CONTAINER_RUNNING {
		return nil, status.Error(codes.InvalidArgument, "not those that run")
	}
	return &cri.ListContainersResponse{Containers: []*cri.Container{{Id: "a"}, {Id: "b"}}}, nil
}

// TestRuntime asks a container runtime through the socket in the node's folder.
func TestRuntime(t *testing.T) {
	dir := t.TempDir()
	sockets, err := openSockets(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer sockets.Close()
	listener, err := net.Listen("unix", sockets.path(runtimeName))
	if err != nil {
		t.Fatal(err)
	}
	server := grpc.NewServer()
	cri.RegisterImageServiceServer(server, standIn{})
	cri.RegisterRuntimeServiceServer(server, standIn{})
	go func() { _ = server.Serve(listener) }() // until it is stopped
	t.Cleanup(server.Stop)
	runtime, err := OpenRuntime(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := runtime.Pull(t.Context(), present); err != nil {
		t.Error(err)
	}
	const absent = "registry/app:absent"
	if err := runtime.Pull(t.Context(), absent); err == nil ||
		!strings.HasPrefix(err.Error(), `pulling image "`+absent+`": `) ||
		!strings.Contains(err.Error(), "image verifier blocked pull: no signature") {
		t.Errorf("the error is %v", err)
	}
	for reference, want := range map[string]bool{present: true, absent: false} {
		if has, err := runtime.Has(t.Context(), reference); err != nil || has != want {
			t.Errorf("%s: it is there: %v (%v)", reference, has, err)
		}
	}
	if running, err := runtime.Running(t.Context()); err != nil || !slices.Equal(running, []string{"a", "b"}) {
		t.Errorf("there run %v (%v)", running, err)
	}
	server.Stop()
	if _, err := runtime.Has(t.Context(), present); err == nil ||
		!strings.HasPrefix(err.Error(), `looking for image "`+present+`": `) {
		t.Errorf("of a runtime that has ended: %v", err)
	}
	if err := runtime.Close(); err != nil {
		t.Error(err)
	}
}

// TestRuntimeOfNoNode names what isn't there.
func TestRuntimeOfNoNode(t *testing.T) {
	if _, err := OpenRuntime("/nowhere"); err == nil || !strings.HasPrefix(err.Error(), "opening the node's folder: ") {
		t.Errorf("the error is %v", err)
	}
	runtime, err := OpenRuntime(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := runtime.Running(t.Context()); err == nil || !strings.HasPrefix(err.Error(), "listing containers: ") {
		t.Errorf("the error is %v", err)
	}
}
