package registry

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"

	"container-signing/e2e/internal/process"
	"container-signing/internal/hint"
	"container-signing/tools"
)

// listeningVariable makes this test program listen on a port and tell which,
// until its input ends.
const listeningVariable = "REGISTRY_TEST_LISTENS"

func TestMain(m *testing.M) {
	if os.Getenv(listeningVariable) == "" {
		os.Exit(m.Run())
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	fmt.Println(listener.Addr())
	_, _ = io.Copy(io.Discard, os.Stdin)
}

func TestCheckFree(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	taken := listener.Addr().String()
	err = CheckFree("ci-registry", taken)
	want := fmt.Sprintf("--ci-registry %s is taken by process %d (%s", taken, os.Getpid(), os.Args[0])
	if err == nil || !strings.HasPrefix(err.Error(), want) {
		t.Errorf("the error is %v, not %q", err, want)
	}
	if text := hint.Text(err); !strings.HasSuffix(text, ")\nhint: end it, or give another address with --ci-registry") {
		t.Errorf("the error and its hint are %q", text)
	}
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	if err := CheckFree("ci-registry", taken); err != nil {
		t.Errorf("a free address: %v", err)
	}
	for _, address := range []string{
		"", "localhost", "5002", "127.0.0.1:5002:1", "127.0.0.1:none", "192.0.2.1:5002",
		"127.0.0.1:65536", "127.0.0.1:-1", "[::1", "http://127.0.0.1:5002", "127.0.0.1:5002/ci", "\x00:1",
	} {
		if err := CheckFree("ci-registry", address); err == nil || !strings.Contains(hint.Text(err), "\nhint: give ") {
			t.Errorf("%q: the error is %v", address, err)
		}
	}
}

// TestHolder names another process by its arguments, of which nothing reaches
// a terminal but what can be read.
func TestHolder(t *testing.T) {
	t.Parallel()
	other := exec.Command(os.Args[0], "\x1b[2J\x1b]0;title\a", "serve\nforged")
	other.Env = append(os.Environ(), listeningVariable+"=1")
	input, err := other.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	output, err := other.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := other.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := errors.Join(input.Close(), other.Wait()); err != nil {
			t.Error(err)
		}
	}()
	address, err := bufio.NewReader(output).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	want := fmt.Sprintf(" by process %d (%s [2J ]0;title serve forged)", other.Process.Pid, os.Args[0])
	if got := holder(strings.TrimSpace(address)); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	for _, nobody := range []string{"127.0.0.1:1", "nowhere", ""} {
		if got := holder(nobody); got != "" {
			t.Errorf("%q is held%s", nobody, got)
		}
	}
}

// TestHolderOfNothing doesn't take who is connected for who listens.
func TestHolderOfNothing(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	client, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	accepted, err := listener.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer accepted.Close()
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	if got := holder(address); got != "" {
		t.Errorf("the address is held%s", got)
	}
}

// TestConfigure reads back what the registry will read.
func TestConfigure(t *testing.T) {
	t.Parallel()
	for _, name := range []string{
		"plain", `"quoted": {yes}`, "two\nlines\ttab", "%s %!d", "#: - [", "日本語", `back\slash`, "\x1b\x7f",
	} {
		dir := filepath.Join(t.TempDir(), name)
		file, err := configure(dir, "[::1]:5002")
		if err != nil {
			t.Errorf("%q: %v", name, err)
			continue
		}
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var read struct {
			Storage struct {
				Filesystem struct{ RootDirectory string }
				Delete     struct{ Enabled bool }
			}
			HTTP struct{ Addr string }
		}
		if err := yaml.Unmarshal(content, &read); err != nil {
			t.Errorf("%q: %v in %s", name, err, content)
		}
		if read.Storage.Filesystem.RootDirectory != filepath.Join(dir, "content") || !read.Storage.Delete.Enabled ||
			read.HTTP.Addr != "[::1]:5002" {
			t.Errorf("%q: the registry would read %+v", name, read)
		}
		if info, err := os.Stat(dir); err != nil || info.Mode().Perm() != 0o700 {
			t.Errorf("%q: the folder is %v, %v", name, info.Mode(), err)
		}
	}
}

func newGroup(t *testing.T) *process.Group {
	t.Helper()
	group, err := process.NewGroup(context.WithoutCancel(t.Context()), filepath.Join(t.TempDir(), "logs"), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(group.Close)
	return group
}

// TestStartFails names the registry in each error.
func TestStartFails(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	taken := t.TempDir()
	if err := os.Mkdir(filepath.Join(taken, "config.yaml"), 0o700); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ program, dir, says string }{
		"a folder below a file":      {"true", filepath.Join(file, "ci"), `configuring registry "ci": `},
		"a configuration can't be":   {"true", taken, `configuring registry "ci": `},
		"no program":                 {"/nowhere/registry", t.TempDir(), "starting registry-ci: "},
		"a program that can't run":   {file, t.TempDir(), "starting registry-ci: "},
		"one that ends at once":      {"false", t.TempDir(), "registry-ci ended: exit status 1"},
		"one that ends without fail": {"true", t.TempDir(), "registry-ci ended: exit status 0"},
	} {
		err := Start(t.Context(), newGroup(t), c.program, "ci", "127.0.0.1:1", c.dir)
		if err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: got %v, want %q", name, err, c.says)
		}
	}
}

// TestRegistry runs the real one, and tries to run a second one at its address.
func TestRegistry(t *testing.T) {
	if testing.Short() {
		t.Skip("it needs a registry")
	}
	t.Parallel()
	programs, err := tools.Build(t.Context(), os.Stderr, "registry")
	if err != nil {
		t.Fatal(err)
	}
	dir, address := filepath.Join(t.TempDir(), "it's \"odd\""), freeAddress(t)
	group := newGroup(t)
	if err := Start(t.Context(), group, programs["registry"], "ci", address, dir); err != nil {
		t.Fatal(err)
	}
	if status := ask(t, http.MethodGet, "http://"+address+"/v2/"); status != http.StatusOK {
		t.Errorf("the registry answers %d", status)
	}
	// It would be 405 if it didn't let anything be deleted.
	manifest := "http://" + address + "/v2/app/manifests/sha256:" + strings.Repeat("0", 64)
	if status := ask(t, http.MethodDelete, manifest); status != http.StatusNotFound {
		t.Errorf("deleting what isn't there is answered by %d", status)
	}
	err = Start(t.Context(), newGroup(t), programs["registry"], "second", address, t.TempDir())
	if err == nil || !strings.Contains(err.Error(), "registry-second ended: ") ||
		!strings.Contains(err.Error(), "address already in use") {
		t.Errorf("a second one at the same address: %v", err)
	}
	group.Close()
	if err := CheckFree("ci-registry", address); err != nil {
		t.Errorf("it goes on after its group: %v", err)
	}
}

func ask(t *testing.T, method, url string) int {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	return answer.StatusCode
}

func freeAddress(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().String()
}
