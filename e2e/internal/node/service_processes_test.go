package node

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

func TestParseStat(t *testing.T) {
	const rest = " S 7 1 1 0 -1 4194560 100 200 0 0 1 2 3 4 20 0 1 0 12345 1000 50"
	for content, want := range map[string]stat{
		"42 (kubelet)" + rest:             {"kubelet", 42, 7, "12345"},
		"42 (a) S 1 (b) c)" + rest + "\n": {"a) S 1 (b) c", 42, 7, "12345"},
	} {
		if got, err := parseStat(content); err != nil || got != want {
			t.Errorf("%q: got %+v, %v", content, got, err)
		}
	}
	for _, broken := range []string{"", "42 kubelet S 7", "42 (kubelet) S 7", "x (kubelet)" + rest} {
		if got, err := parseStat(broken); err == nil {
			t.Errorf("%q: got %+v", broken, got)
		}
	}
}

// TestServiceProcesses finds a program by its name among what this process has
// started, and tells it from its successor.
func TestServiceProcesses(t *testing.T) {
	sleep, err := exec.LookPath("sleep")
	if err != nil {
		t.Skip(err)
	}
	kubelet := filepath.Join(t.TempDir(), "kubelet")
	content, err := os.ReadFile(sleep)
	if err == nil {
		err = os.WriteFile(kubelet, content, 0o700)
	}
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for range 2 {
		// Below a shell, as it is below others in a node.
		command := exec.Command("sh", "-c", `"$0" 60 & echo started; wait`, kubelet)
		output, err := command.StdoutPipe()
		if err == nil {
			command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
			err = command.Start()
		}
		if err != nil {
			t.Fatal(err)
		}
		if _, err := output.Read(make([]byte, 1)); err != nil {
			t.Fatal(err)
		}
		found := map[string]string{}
		for found["kubelet"] == "" && t.Context().Err() == nil { // the shell's child has to become the program
			if found, err = ServiceProcesses(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if len(found) != 1 || !strings.HasPrefix(found["kubelet"], "process ") || seen[found["kubelet"]] {
			t.Errorf("found %q after %v", found, seen)
		}
		seen[found["kubelet"]] = true
		if err := syscall.Kill(-command.Process.Pid, syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		_ = command.Wait() // it was killed
	}
}
