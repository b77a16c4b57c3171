package doctor_test

import (
	"context"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"container-signing/plugin/image-verifier/internal/cri"
	"container-signing/plugin/image-verifier/internal/cri/critest"
)

// ask calls the doctor with a socket.
func ask(t *testing.T, socket string, args ...string) diagnosis {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("the doctor needs root")
	}
	return diagnose(t, exec.Command(verifier, append([]string{"doctor", "--address", socket}, args...)...))
}

// refuses is what containerd says of an image that a verifier has refused.
func refuses(verifier string) func(context.Context, string) error {
	return func(_ context.Context, reference string) error {
		return status.Errorf(codes.Unknown, "failed to pull and unpack image %q: image verifier bindir blocked "+
			"pull of %s with digest sha256:1 for reason: verifier %s rejected image (exit code 1): no",
			reference, reference, verifier)
	}
}

// TestRuntimes are others than a containerd that asks the verifier.
func TestRuntimes(t *testing.T) {
	t.Parallel()
	fails := func(words string) func(context.Context, string) error {
		return func(context.Context, string) error { return status.Error(codes.Unknown, words) }
	}
	const pulling = `failed to pull and unpack image "a:1": `
	const forged = "image verifier bindir blocked pull of a:1 with digest sha256:1 for reason: " +
		"verifier notation-image-verifier rejected image (exit code 1): no"
	for name, test := range map[string]struct {
		runtime critest.Runtime
		status  int
		says    string
	}{
		"refuses": {critest.Runtime{PullError: refuses("notation-image-verifier")}, on, "its configuration isn't read"},
		"refused by another": {
			critest.Runtime{PullError: refuses("another-verifier")}, unknown,
			"refused by another verifier, another-verifier",
		},
		"words of a registry": {
			critest.Runtime{PullError: fails(pulling + "failed to resolve image: " + forged)}, unknown,
			"not because of a verifier",
		},
		"words alone":   {critest.Runtime{PullError: fails(forged)}, unknown, "not because of a verifier"},
		"no judgment":   {critest.Runtime{PullError: fails(pulling + "blocking pull of a:1")}, off, "every pull fails"},
		"another fault": {critest.Runtime{PullError: fails("no space\x1b[2J left")}, unknown, "no space?[2J left"},
		"pulls": {critest.Runtime{PullError: func(context.Context, string) error {
			return nil
		}}, off, "was pulled"},
		"hangs": {critest.Runtime{PullError: func(ctx context.Context, _ string) error {
			<-ctx.Done()
			return ctx.Err()
		}}, unknown, "given up after 1s"},
		"another runtime": {critest.Runtime{Name: "cri-o"}, unknown, `is "cri-o", not containerd`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if test.runtime.Name == "" {
				test.runtime.Name = "containerd"
			}
			ask(t, critest.Serve(t, &test.runtime), "--timeout", "1s").mustBe(t, test.status, test.says)
		})
	}
}

// TestSockets has nobody, or somebody else, at a socket.
func TestSockets(t *testing.T) {
	t.Parallel()
	ask(t, "/nowhere/socket").mustBe(t, unknown,
		`there is no socket "/nowhere/socket"`, "hint: start containerd, or name")
	listener, socket := critest.Listen(t)
	mute := make(chan net.Conn, 1)
	go func() {
		connection, err := listener.Accept()
		if err == nil {
			mute <- connection
		}
		close(mute)
	}()
	ask(t, socket, "--timeout", "300ms").mustBe(t, unknown, "given up after 300ms", "hint: --timeout")
	(<-mute).Close()
	listener.(*net.UnixListener).SetUnlinkOnClose(false)
	listener.Close()
	ask(t, socket).mustBe(t, unknown, "nobody serves the socket", "hint: start containerd")
}

// TestUsage ends with a sentence, and has help.
func TestUsage(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{"now"}, {"--force"}, {"--timeout", "soon"}, {"--timeout", "0s"}, {"--address"}} {
		diagnose(t, exec.Command(verifier, append([]string{"doctor"}, args...)...)).mustBe(t, unknown, "hint: --help")
	}
	for _, flag := range []string{"--help", "-h"} {
		diagnose(t, exec.Command(verifier, "doctor", flag)).mustBe(t, on, "--canary IMAGE", "Exit status: 0")
	}
	if os.Geteuid() != 0 {
		diagnose(t, exec.Command(verifier, "doctor")).mustBe(t, unknown, "hint: run the doctor as root")
	}
}

// TestElsewhere is where the doctor sees other files than containerd: it doesn't
// judge by them.
func TestElsewhere(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	m.start(t)
	doctor := exec.Command(filepath.Join(m.folder, "bin/notation-image-verifier"), "doctor", "--address", m.socket)
	doctor.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNS}
	diagnose(t, doctor).mustBe(t, on, "? its configuration isn't read: containerd, process", "sees other files",
		"hint: run it beside containerd: nsenter --target ")
}

// TestGarbage is in files that containerd has read when they were good.
func TestGarbage(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	m.write(t, "conf.d/a.toml", "version = 3")
	m.start(t)
	for _, garbage := range []string{"[", "version = 99", "version = 3\nimports = ['[*']", "\x00\xff"} {
		m.write(t, "conf.d/a.toml", garbage)
		m.doctor(t).mustBe(t, off, "✗ ", "/a.toml", "hint: mend it")
	}
	m.write(t, "conf.d/a.toml", "version = 3\nimports = ['*.toml']")
	m.doctor(t).mustBe(t, on)
	// containerd's program can't say any more what it makes of them.
	m.write(t, "conf.d/a.toml", "version = 3")
	m.remove(t, "config.toml")
	m.doctor(t).mustBe(t, off, "containerd looks for image verifiers")
}

// TestCanaryOfARegistry pulls another image than the doctor's own.
func TestCanaryOfARegistry(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	m.write(t, "conf.d/off.toml", "version = 3\n"+images+"use_local_image_pull = true")
	m.start(t)
	server := httptest.NewServer(registry.New(registry.Logger(log.New(io.Discard, "", 0))))
	defer server.Close()
	push := func(tags ...string) (references []string) {
		image, err := random.Image(10, 1)
		if err != nil {
			t.Fatal(err)
		}
		for _, tag := range tags {
			reference := strings.TrimPrefix(server.URL, "http://") + "/app:" + tag
			parsed, err := name.ParseReference(reference)
			if err == nil {
				err = remote.Write(parsed, image)
			}
			if err != nil {
				t.Fatal(err)
			}
			references = append(references, reference)
		}
		return references
	}
	client := cri.Open(m.socket)
	defer client.Close()
	mustHave := func(reference string, want bool) {
		t.Helper()
		if names, err := client.Names(t.Context(), reference); err != nil || len(names) > 0 != want {
			t.Errorf("%s is there as %q (%v)", reference, names, err)
		}
	}
	alone := push("alone")[0]
	m.doctor(t, "--canary", alone).mustBe(t, off, "was pulled")
	mustHave(alone, false)
	// What the node has, or has by another name, isn't the doctor's to remove.
	two := push("one", "two")
	if err := client.Pull(t.Context(), two[0]); err != nil {
		t.Fatal(err)
	}
	for _, reference := range two {
		m.doctor(t, "--canary", reference).mustBe(t, off, "stays on the node", "hint: crictl rmi")
		mustHave(two[0], true)
	}
}

// TestHostileRegistries have the canary, and tell nothing about the lock.
func TestHostileRegistries(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	m.write(t, "conf.d/off.toml", "version = 3\n"+images+"use_local_image_pull = true")
	m.start(t)
	forges := func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusForbidden)
		forged := refuses("notation-image-verifier")(r.Context(), "a")
		fmt.Fprintf(w, `{"errors": [{"code": "DENIED", "message": %q}]}`, forged)
	}
	hangs := func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }
	for name, test := range map[string]struct {
		answer http.HandlerFunc
		says   string
	}{
		"forges": {forges, "not because of a verifier"},
		"hangs":  {hangs, "given up after 1s"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := httptest.NewServer(test.answer)
			defer server.Close()
			reference := strings.TrimPrefix(server.URL, "http://") + "/app:v1"
			d := m.doctor(t, "--canary", reference, "--timeout", "1s")
			d.mustBe(t, off, "use_local_image_pull = true in", test.says)
			if strings.Contains(d.text, "is refused") || strings.Contains(d.text, "lock is on") {
				t.Errorf("it believes a registry:\n%s", d.text)
			}
		})
	}
}
