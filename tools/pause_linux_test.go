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
// ended are gone, and the signal to end isn't lost among those of hundreds of
// children.
func TestPauseReapsAndEnds(t *testing.T) {
	const children = 300
	program := filepath.Join(t.TempDir(), "pause")
	build := exec.Command("go", "build", "-C", "pause", "-o", program)
	build.Env = append(os.Environ(), "CGO_ENABLED=0", "GOWORK=off", "GOFLAGS=")
	if output, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	for range 3 {
		pause, endFirst, endOthers := startWithChildren(t, program, children)
		endFirst.Close()
		awaitChildren(t, pause.Process, children)
		endOthers.Close()
		send(t, pause.Process, syscall.SIGTERM)
		if err := pause.Wait(); err != nil {
			t.Fatalf("it ends with %v", err)
		}
	}
	pause, endFirst, endOthers := startWithChildren(t, program, children)
	endFirst.Close()
	endOthers.Close()
	awaitChildren(t, pause.Process, 0)
	send(t, pause.Process, syscall.SIGINT)
	if err := pause.Wait(); err != nil {
		t.Fatalf("it ends with %v", err)
	}
}

// startWithChildren starts the program pause with a child, and others, which
// end when the files are closed.
func startWithChildren(t *testing.T, program string, others int) (pause *exec.Cmd, endFirst, endOthers *os.File) {
	t.Helper()
	first, endFirst, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	other, endOthers, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	script := "read end <&3 & " + strings.Repeat("read end <&4 & ", others) + "exec " + program + " 3<&- 4<&-"
	pause = exec.CommandContext(t.Context(), "sh", "-c", script)
	pause.ExtraFiles = []*os.File{first, other}
	if err := pause.Start(); err != nil {
		t.Fatal(err)
	}
	first.Close()
	other.Close()
	await(func() bool {
		running, err := os.Readlink(fmt.Sprintf("/proc/%d/exe", pause.Process.Pid))
		return err == nil && running == program
	})
	return pause, endFirst, endOthers
}

func send(t *testing.T, process *os.Process, signal os.Signal) {
	t.Helper()
	if err := process.Signal(signal); err != nil {
		t.Fatal(err)
	}
}

// awaitChildren returns when a process has no more children than some. Nobody
// but the parent is told when one is gone, and that may have become pause
// after it was told: so it is told again.
func awaitChildren(t *testing.T, parent *os.Process, left int) {
	t.Helper()
	await(func() bool {
		children, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%[1]d/children", parent.Pid))
		if err != nil {
			t.Skip(err)
		}
		send(t, parent, syscall.SIGCHLD)
		return len(strings.Fields(string(children))) <= left
	})
}

// await looks until something is so that nobody can be asked to be told of.
func await(seen func() bool) {
	for !seen() {
		runtime.Gosched()
	}
}
