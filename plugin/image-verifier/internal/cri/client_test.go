package cri_test

import (
	"context"
	"errors"
	"io/fs"
	"net"
	"net/http"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	api "k8s.io/cri-api/pkg/apis/runtime/v1"

	"container-signing/plugin/image-verifier/internal/cri"
	"container-signing/plugin/image-verifier/internal/cri/critest"
)

// image is one with all kinds of fields.
var image = &api.Image{
	Id: "sha256:1", Size: 1 << 40, RepoTags: []string{"a:1", "b:1"}, RepoDigests: []string{"a@sha256:2"},
	Uid: &api.Int64Value{Value: -1}, Username: "nobody", Pinned: true,
}

// connect serves a runtime, and returns a client of it.
func connect(t *testing.T, r *critest.Runtime) *cri.Client {
	t.Helper()
	client := cri.Open(critest.Serve(t, r))
	t.Cleanup(client.Close)
	return client
}

// TestClient understands what a server of the real library answers.
func TestClient(t *testing.T) {
	var pulled string
	r := &critest.Runtime{
		Name: "containerd", Images: map[string]*api.Image{"a:1": image},
		PullError: func(_ context.Context, reference string) error { pulled = reference; return nil },
	}
	client, ctx := connect(t, r), t.Context()
	if name, version, err := client.Version(ctx); err != nil || name != "containerd" || version != "2.4.2" {
		t.Errorf("it is %q %q (%v)", name, version, err)
	}
	long := "registry/" + strings.Repeat("a", 300) // a length of two bytes
	if err := client.Pull(ctx, long); err != nil || pulled != long {
		t.Errorf("it pulled %q (%v)", pulled, err)
	}
	names, err := client.Names(ctx, "a:1")
	if err != nil || !slices.Equal(names, []string{"a:1", "b:1", "a@sha256:2"}) {
		t.Errorf("the names are %q (%v)", names, err)
	}
	if names, err := client.Names(ctx, "none"); err != nil || len(names) > 0 {
		t.Errorf("the names of no image are %q (%v)", names, err)
	}
	if err := client.Remove(ctx, "a:1"); err != nil || !slices.Equal(r.Removed, []string{"a:1"}) {
		t.Errorf("it removed %q (%v)", r.Removed, err)
	}
}

// TestRefusal hands on the runtime's words, whatever is in them.
func TestRefusal(t *testing.T) {
	for _, words := range []string{"blocked pull of a:1", "100 % ä\n\x1b[2J", strings.Repeat("long ", 1000), ""} {
		client := connect(t, &critest.Runtime{
			PullError: func(context.Context, string) error { return status.Error(codes.Unknown, words) },
		})
		err, refused := client.Pull(t.Context(), "a:1"), new(cri.StatusError)
		if !errors.As(err, refused) || refused.Message != words || refused.Code != int(codes.Unknown) {
			t.Errorf("%q: %v", words, err)
		}
	}
}

// TestServiceThatIsNotThere is told from one that fails.
func TestServiceThatIsNotThere(t *testing.T) {
	listener, socket := critest.Listen(t)
	server := grpc.NewServer()
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(server.Stop)
	client := cri.Open(socket)
	defer client.Close()
	_, _, err := client.Version(t.Context())
	if answer := new(cri.StatusError); !errors.As(err, answer) || answer.Code != cri.Unimplemented {
		t.Errorf("it says %v", err)
	}
}

// TestPullThatHangs ends with its context, and says why that has ended.
func TestPullThatHangs(t *testing.T) {
	late := errors.New("too late")
	ctx, cancel := context.WithCancelCause(t.Context())
	client := connect(t, &critest.Runtime{PullError: func(ctx context.Context, _ string) error {
		cancel(late)
		<-ctx.Done()
		return ctx.Err()
	}})
	if err := client.Pull(ctx, "a:1"); !errors.Is(err, late) {
		t.Errorf("it ends with %v", err)
	}
}

// TestNobodyServes tells a socket that nobody serves from none at all.
func TestNobodyServes(t *testing.T) {
	listener, socket := critest.Listen(t)
	listener.(*net.UnixListener).SetUnlinkOnClose(false)
	listener.Close()
	for path, want := range map[string]error{socket: syscall.ECONNREFUSED, socket + "x": fs.ErrNotExist} {
		client := cri.Open(path)
		if _, _, err := client.Version(t.Context()); !errors.Is(err, want) {
			t.Errorf("%s: %v", path, err)
		}
		client.Close()
	}
}

// TestHostileServers answer what no runtime does.
func TestHostileServers(t *testing.T) {
	answer := func(body string, trailer bool) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/grpc")
			w.Header().Set("Trailer", "Grpc-Status")
			_, _ = w.Write([]byte(body))
			if trailer {
				w.Header().Set("Grpc-Status", "0")
			}
		})
	}
	for name, test := range map[string]struct {
		handler http.Handler
		says    string
	}{
		"no gRPC":            {http.NotFoundHandler(), "it doesn't speak gRPC: 404"},
		"no status":          {answer("\x00\x00\x00\x00\x00", false), "it doesn't speak gRPC: 200"},
		"no message":         {answer("", true), "it isn't one message"},
		"cut off":            {answer("\x00\x00\x00\x00\x09a", true), "it isn't one message"},
		"longer than itself": {answer("\x00\xff\xff\xff\xffa", true), "it isn't one message"},
		"two messages":       {answer("\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00", true), "it isn't one message"},
		"garbage":            {answer("\x00\x00\x00\x00\x03\xff\xff\xff", true), "reading the answer to Runtime"},
		"long field":         {answer("\x00\x00\x00\x00\x02\x0a\x7f", true), "reading the answer to Runtime"},
		"endless": {http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			for {
				if _, err := w.Write(make([]byte, 1<<20)); err != nil {
					return
				}
			}
		}), ""},
	} {
		t.Run(name, func(t *testing.T) {
			listener, socket := critest.Listen(t)
			protocols := new(http.Protocols)
			protocols.SetUnencryptedHTTP2(true)
			server := &http.Server{Handler: test.handler, Protocols: protocols}
			go func() { _ = server.Serve(listener) }()
			t.Cleanup(func() { server.Close() })
			client := cri.Open(socket)
			defer client.Close()
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			defer cancel()
			_, _, err := client.Version(ctx)
			if err == nil || !strings.Contains(err.Error(), test.says) || ctx.Err() != nil {
				t.Errorf("it says %v", err)
			}
		})
	}
	t.Run("another protocol", func(t *testing.T) {
		listener, socket := critest.Listen(t)
		go func() {
			if connection, err := listener.Accept(); err == nil {
				_, _ = connection.Write([]byte("220 mail ready\r\n"))
				connection.Close()
			}
		}()
		client := cri.Open(socket)
		defer client.Close()
		if name, _, err := client.Version(t.Context()); err == nil {
			t.Errorf("it takes it for %q", name)
		}
	})
}
