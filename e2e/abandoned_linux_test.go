package main_test

import (
	"os/exec"
	"syscall"
	"testing"
)

// TestEndOfGoRun ends the go command of `go run`, and e2e with it.
func TestEndOfGoRun(t *testing.T) {
	for name, signal := range signals {
		if signal == syscall.SIGINT {
			continue // go leaves that to the program, which gets it from the terminal too
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSession(t)
			s.cmd = exec.Command("go", append([]string{"run", "."}, s.args...)...)
			// A go command that is killed leaves its own folder behind.
			s.env = []string{"GOTMPDIR=" + shortTempDir(t)}
			s.start()
			s.awaitFile("container-signing-*/logs/kube-apiserver.log")
			s.signal(signal)
			s.wait()
		})
	}
}

// TestEndOfReader ends the program that reads what e2e prints, as head does
// after its line.
func TestEndOfReader(t *testing.T) {
	t.Parallel()
	s := newSession(t)
	s.cmd = exec.Command("sh", append([]string{"-c", `"$0" "$@" | head -n 1`, program}, s.args...)...)
	s.start().wait()
}
