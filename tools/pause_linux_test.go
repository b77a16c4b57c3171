package tools

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
)

// TestPauseReapsAndEnds is what a pod's sandbox relies on: children that have
// ended are gone, and amid their signals none to end is lost.
func TestPauseReapsAndEnds(t *testing.T) {
	program := filepath.Join(t.TempDir(), "pause")
	build := exec.Command("go", "build", "-C", "pause", "-o", program)
	build.Env = append(os.Environ(), "CGO_ENABLED=0", "GOWORK=off", "GOFLAGS=")
	if output, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	for _, end := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT} {
		read, write, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		children := "cat <&3 & cat <&3 & cat <&3 & exec " + program + " 3<&-"
		pause := exec.CommandContext(t.Context(), "sh", "-c", children)
		pause.ExtraFiles = []*os.File{read}
		if err := pause.Start(); err != nil {
			t.Fatal(err)
		}
		read.Close()
		await(t, func() bool {
			running, err := os.Readlink(fmt.Sprintf("/proc/%d/exe", pause.Process.Pid))
			return err == nil && running == program
		})
		write.Close() // and so its children end
		awaitReaped(t, pause.Process)
		for range 1000 {
			send(t, pause.Process, syscall.SIGCHLD)
		}
		send(t, pause.Process, end)
		if err := pause.Wait(); err != nil {
			t.Errorf("it ends on %s with %v", end, err)
		}
	}
}

func send(t *testing.T, process *os.Process, signal os.Signal) {
	t.Helper()
	if err := process.Signal(signal); err != nil {
		t.Fatal(err)
	}
}

// awaitReaped returns when a process has no children any more. The kernel tells
// nobody but the parent when one is gone, and that may have become pause after
// it was told: so it is told again.
func awaitReaped(t *testing.T, parent *os.Process) {
	t.Helper()
	await(t, func() bool {
		children, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%[1]d/children", parent.Pid))
		if err != nil {
			t.Skip(err)
		}
		send(t, parent, syscall.SIGCHLD)
		return strings.TrimSpace(string(children)) == ""
	})
}

// await looks until something is so that nobody can be asked to be told of.
func await(t *testing.T, seen func() bool) {
	t.Helper()
	for !seen() {
		runtime.Gosched()
	}
}
