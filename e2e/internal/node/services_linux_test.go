package node

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"container-signing/e2e/internal/process"
	"container-signing/tools"
)

// limit bounds what a test waits for.
const limit = 20 * time.Second

// TestMain lets the test's own program be containerd and kubelet, by these
// names, which do what a test has written into a file beside them: end at once,
// or serve.
func TestMain(m *testing.M) {
	switch filepath.Base(os.Args[0]) {
	case "containerd", "kubelet":
		os.Exit(beService())
	}
	os.Exit(m.Run())
}

// crashes, in the file of a service, says that it isn't to serve.
const crashes = "crashes"

// beService tells that it is ready, and in its log who it is.
func beService() int {
	told, err := os.ReadFile(os.Args[0] + ".told")
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		fmt.Println(err)
		return 1
	}
	if string(told) == crashes {
		fmt.Println("out of order")
		return 3
	}
	fmt.Printf("PATH=%s\nNOTATION_CONFIG=%s\nargs: %q\n", os.Getenv("PATH"), os.Getenv("NOTATION_CONFIG"), os.Args[1:])
	pipe, writer, err := os.Pipe()
	if err != nil {
		fmt.Println(err)
		return 1
	}
	defer writer.Close()
	go tellReady(strings.NewReader("x"))
	_, err = pipe.Read(make([]byte, 1)) // until it is ended by a signal
	fmt.Println(err)
	return 1
}

// newServices makes the services of a node out of stand-ins, in a folder whose
// path is longer than that of a socket can be.
func newServices(t *testing.T) *services {
	t.Helper()
	dir := filepath.Join(t.TempDir(), strings.Repeat("long", 40))
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	programs := tools.Programs{"runc": filepath.Join(dir, "runc-folder", "runc")}
	if err := os.MkdirAll(filepath.Join(dir, "bin"), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"containerd", "kubelet"} {
		programs[name] = filepath.Join(dir, "bin", name)
		if err := os.Symlink(self, programs[name]); err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	t.Cleanup(cancel)
	group, err := process.NewGroup(ctx, filepath.Join(dir, "logs"), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(group.Close)
	return &services{Configuration: Configuration{Dir: dir, Programs: programs, Trust: "/trust"}, processes: group}
}

// startAll starts both, and listens for restarts.
func startAll(t *testing.T, s *services) {
	t.Helper()
	if err := errors.Join(s.startContainerd(), s.startKubelet(), s.serveRequests()); err != nil {
		t.Fatal(err)
	}
}

// logOf ends all services, and reads what one has printed.
func logOf(t *testing.T, s *services, name string) string {
	t.Helper()
	s.processes.Close()
	content, err := os.ReadFile(filepath.Join(s.Dir, "logs", name+".log"))
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

// TestContainerdEnvironment lets containerd find its shim and runc, and what the
// image verifier trusts, if there is one.
func TestContainerdEnvironment(t *testing.T) {
	for verifier, trust := range map[string]string{"": "\nNOTATION_CONFIG=\n",
		"/verifier": "\nNOTATION_CONFIG=/trust\n"} {
		t.Setenv("NOTATION_CONFIG", "/the/users")
		s := newServices(t)
		s.Verifier = verifier
		if err := s.startContainerd(); err != nil {
			t.Fatal(err)
		}
		printed := logOf(t, s, "containerd")
		path := fmt.Sprintf("PATH=%s/bin:%s/runc-folder:%s\n", s.Dir, s.Dir, os.Getenv("PATH"))
		if !strings.Contains(printed, path) || !strings.Contains(printed, trust) ||
			!strings.Contains(printed, `["--config" "/run/container-signing/containerd.toml"]`) {
			t.Errorf("containerd got\n%s", printed)
		}
	}
}

// TestRestart restarts containerd and kubelet, several times, by asking for it
// from elsewhere. That isn't the end of the node.
func TestRestart(t *testing.T) {
	s := newServices(t)
	startAll(t, s)
	for range 2 {
		before := map[string][]int{}
		for _, name := range []string{"containerd", "kubelet"} {
			before[name] = running(t, s.Programs[name])
		}
		if err := Restart(t.Context(), s.Dir); err != nil {
			t.Fatal(err)
		}
		for name, was := range before {
			if is := running(t, s.Programs[name]); len(was) != 1 || len(is) != 1 || is[0] == was[0] {
				t.Errorf("%s was processes %v, and is %v", name, was, is)
			}
		}
	}
	if err := context.Cause(s.processes.Context()); err != nil {
		t.Errorf("the node has ended: %v", err)
	}
	if printed := logOf(t, s, "containerd"); strings.Count(printed, "PATH=") != 3 {
		t.Errorf("containerd has been started another number of times:\n%s", printed)
	}
}

// running lists the processes of a program.
func running(t *testing.T, program string) (processes []int) {
	t.Helper()
	all, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range all {
		// One that has ended meanwhile has no command line.
		if content, err := os.ReadFile(file); err == nil && strings.HasPrefix(string(content), program+"\x00") {
			process, err := strconv.Atoi(filepath.Base(filepath.Dir(file)))
			if err != nil {
				t.Fatal(err)
			}
			processes = append(processes, process)
		}
	}
	return processes
}

// TestRestartFails hands on why containerd hasn't come back.
func TestRestartFails(t *testing.T) {
	s := newServices(t)
	startAll(t, s)
	if err := os.WriteFile(s.Programs["containerd"]+".told", []byte(crashes), 0o600); err != nil {
		t.Fatal(err)
	}
	err := Restart(t.Context(), s.Dir)
	for _, words := range []string{"restarting containerd and kubelet: ", "containerd ended: exit status 3",
		"out of order"} {
		if err == nil || !strings.Contains(err.Error(), words) {
			t.Errorf("the error isn't that %s: %v", words, err)
		}
	}
	<-s.processes.Context().Done() // the node doesn't go on without containerd
	cause := context.Cause(s.processes.Context())
	if !strings.Contains(cause.Error(), "containerd ended: exit status 3") {
		t.Errorf("the node has ended: %v", cause)
	}
}

// TestRestartWithoutAnswer asks where nobody listens, somebody who says nothing
// until one has no more time, and somebody who ends without a word.
func TestRestartWithoutAnswer(t *testing.T) {
	if err := Restart(t.Context(), filepath.Join(t.TempDir(), "none")); err == nil ||
		!strings.HasPrefix(err.Error(), "opening the node's folder: ") {
		t.Errorf("without a folder: %v", err)
	}
	dir := t.TempDir()
	if err := Restart(t.Context(), dir); err == nil ||
		!strings.HasPrefix(err.Error(), "restarting containerd and kubelet: reaching the node: ") {
		t.Errorf("without a node: %v", err)
	}
	sockets, err := openSockets(dir)
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("unix", sockets.path(requests))
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	ctx, cancel := context.WithCancelCause(t.Context())
	go func() {
		silent, err := listener.Accept()
		if err != nil {
			return
		}
		cancel(errors.New("no time left"))
		_, _ = io.Copy(io.Discard, silent) // until the other side has gone
		if mute, err := listener.Accept(); err == nil {
			mute.Close()
		}
	}()
	if err := Restart(ctx, dir); err == nil || err.Error() != "restarting containerd and kubelet: no time left" {
		t.Errorf("without an answer in time: %v", err)
	}
	if err := Restart(t.Context(), dir); err == nil {
		t.Error("no answer is taken for a restart")
	}
}

// TestServiceCrash ends the supervisor's group when kubelet ends by itself.
func TestServiceCrash(t *testing.T) {
	s := newServices(t)
	if err := os.WriteFile(s.Programs["kubelet"]+".told", []byte(crashes), 0o600); err != nil {
		t.Fatal(err)
	}
	startAll(t, s)
	<-s.processes.Context().Done()
	cause := context.Cause(s.processes.Context())
	if cause == nil || cause.Error() != "kubelet ended: exit status 3; the end of its log:\n    out of order" {
		t.Errorf("it ended because of %v", cause)
	}
}

// TestReapUntil reaps others meanwhile, and says how the supervisor has ended.
func TestReapUntil(t *testing.T) {
	for script, words := range map[string]string{
		"exit 3":         "the node's supervisor ended: exit status 3",
		"exit 0":         "the node's supervisor ended: exit status 0",
		"kill -SEGV $$":  "the node's supervisor ended by signal segmentation fault",
		"sleep 0 & wait": "the node's supervisor ended: exit status 0",
	} {
		other := exec.Command("true")
		supervisor := exec.Command("/bin/sh", "-c", script)
		if err := errors.Join(other.Start(), supervisor.Start()); err != nil {
			t.Fatal(err)
		}
		if err := reapUntil(supervisor.Process.Pid); err == nil || err.Error() != words {
			t.Errorf("%s: %v", script, err)
		}
		reapAll()
		if err := syscall.Kill(other.Process.Pid, 0); !errors.Is(err, syscall.ESRCH) {
			t.Errorf("another child is still there: %v", err)
		}
	}
	if err := reapUntil(os.Getpid()); !errors.Is(err, syscall.ECHILD) {
		t.Errorf("without children: %v", err)
	}
}

// TestTellReady tells it once it is so, and not when the node has ended before.
func TestTellReady(t *testing.T) {
	address := &net.UnixAddr{Name: fmt.Sprintf("@container-signing-test/%d", os.Getpid()), Net: "unixgram"}
	socket, err := net.ListenUnixgram("unixgram", address)
	if err != nil {
		t.Fatal(err)
	}
	defer socket.Close()
	t.Setenv("NOTIFY_SOCKET", socket.LocalAddr().String())
	tellReady(strings.NewReader(""))
	tellReady(strings.NewReader("x"))
	if err := socket.SetReadDeadline(time.Now().Add(limit)); err != nil {
		t.Fatal(err)
	}
	message := make([]byte, 100)
	length, err := socket.Read(message)
	if err != nil || string(message[:length]) != "READY=1" {
		t.Errorf("it tells %q (%v)", message[:length], err)
	}
	if err := socket.SetReadDeadline(time.Now()); err != nil {
		t.Fatal(err)
	}
	if length, err := socket.Read(message); err == nil {
		t.Errorf("it also tells %q", message[:length])
	}
}

// TestWithoutReadiness keeps what isn't to tell its own readiness as the node's
// from it.
func TestWithoutReadiness(t *testing.T) {
	t.Setenv("NOTIFY_SOCKET", "@somewhere")
	t.Setenv("NOTIFY_SOCKETS", "another")
	environment := withoutReadiness()
	if slices.Contains(environment, "NOTIFY_SOCKET=@somewhere") ||
		!slices.Contains(environment, "NOTIFY_SOCKETS=another") ||
		len(environment) != len(os.Environ())-1 {
		t.Errorf("it is %q", environment)
	}
}

// TestProcessesKnowTheirPlace runs processes of a node where they don't belong,
// or without a node.
func TestProcessesKnowTheirPlace(t *testing.T) {
	for name, words := range map[string]string{
		initName:       "this belongs into a pid namespace of its own, as process 1",
		probeName:      "this belongs into a pid namespace of its own, as process 1",
		keeperName:     "reading the node's configuration: ",
		supervisorName: "reading the node's configuration: ",
		"node":         `unknown process "node" of a node`,
	} {
		if err := RunProcess(name, t.TempDir()); err == nil || !strings.HasPrefix(err.Error(), words) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
