package main_test

import (
	"errors"
	"os/exec"
	"strings"
	"syscall"
	"testing"
)

// TestFullDisk runs with temporary folders that are too small, so that one
// after another is the first to find the disk full: each of them a tmpfs in a
// mount namespace of its own, which ends with the run.
func TestFullDisk(t *testing.T) {
	for _, size := range []string{"100k", "4m", "16m", "40m", "110m"} {
		t.Run(size, func(t *testing.T) {
			t.Parallel()
			s := newSession(t)
			// What is left in the tmpfs is for the test to see.
			const script = `mount -t tmpfs -o size=$0 tmpfs "$TMPDIR" || exit 77; "$@"; status=$?; ls -A "$TMPDIR"; exit $status`
			s.cmd = exec.Command("sh", append([]string{"-c", script, size, program}, s.args...)...)
			s.cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNS}
			if err := exec.Command("unshare", "--mount", "true").Run(); err != nil {
				if exit := (*exec.ExitError)(nil); errors.As(err, &exit) || errors.Is(err, exec.ErrNotFound) {
					t.Skip("a disk to fill needs the right to mount one: run this as root")
				}
				t.Fatal(err)
			}
			if status := s.start().wait(); status != 1 {
				t.Errorf("exit status %d, not 1", status)
			}
			s.checkError("no space left on device", "the disk of the temporary folder ",
				"let TMPDIR name another place")
			if strings.Contains(s.text("stdout"), "container-signing-") {
				t.Error("the temporary folder has stayed behind")
			}
		})
	}
}
