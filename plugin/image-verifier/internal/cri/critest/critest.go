// Package critest serves container runtimes for tests, by the gRPC library that
// containerd serves by.
package critest

import (
	"context"
	"net"
	"os"
	"path/filepath"
	"testing"

	"google.golang.org/grpc"
	api "k8s.io/cri-api/pkg/apis/runtime/v1"
)

// A Runtime is one that a test says the answers of.
type Runtime struct {
	api.UnimplementedRuntimeServiceServer
	api.UnimplementedImageServiceServer
	// Name is what it calls itself.
	Name string
	// PullError is what it answers a pull with.
	PullError func(ctx context.Context, reference string) error
	// Images are what it has, by any of its names.
	Images map[string]*api.Image
	// Removed are the images that it was told to remove.
	Removed []string
}

// Version answers which runtime it is.
func (r *Runtime) Version(context.Context, *api.VersionRequest) (*api.VersionResponse, error) {
	return &api.VersionResponse{
		Version: "0.1.0", RuntimeName: r.Name, RuntimeVersion: "2.4.2", RuntimeApiVersion: "v1",
	}, nil
}

// PullImage pulls nothing.
func (r *Runtime) PullImage(ctx context.Context, request *api.PullImageRequest) (*api.PullImageResponse, error) {
	return &api.PullImageResponse{ImageRef: "sha256:1"}, r.PullError(ctx, request.GetImage().GetImage())
}

// RemoveImage remembers what it should remove.
func (r *Runtime) RemoveImage(_ context.Context, request *api.RemoveImageRequest) (*api.RemoveImageResponse, error) {
	r.Removed = append(r.Removed, request.GetImage().GetImage())
	return &api.RemoveImageResponse{}, nil
}

// ImageStatus answers what there is of an image.
func (r *Runtime) ImageStatus(_ context.Context, request *api.ImageStatusRequest) (*api.ImageStatusResponse, error) {
	return &api.ImageStatusResponse{
		Image: r.Images[request.GetImage().GetImage()], Info: map[string]string{"key": "value"},
	}, nil
}

// Serve serves a runtime until the test ends, and returns its socket.
func Serve(t testing.TB, r *Runtime) string {
	t.Helper()
	listener, socket := Listen(t)
	server := grpc.NewServer()
	api.RegisterRuntimeServiceServer(server, r)
	api.RegisterImageServiceServer(server, r)
	go func() { _ = server.Serve(listener) }() // until it is stopped
	t.Cleanup(server.Stop)
	return socket
}

// Listen listens at a socket whose path is short enough for one.
func Listen(t testing.TB) (listener net.Listener, socket string) {
	t.Helper()
	folder, err := os.MkdirTemp("", "cri")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(folder) })
	socket = filepath.Join(folder, "socket")
	if listener, err = net.Listen("unix", socket); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	return listener, socket
}
