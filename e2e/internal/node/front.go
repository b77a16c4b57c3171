package node

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"syscall"

	"golang.org/x/sys/unix"

	"container-signing/e2e/internal/cgroup"
)

// runFront holds the keeper's lifeline, and ends when the keeper does. Should
// the keeper be killed, the front is left to remove the cgroups.
func runFront(dir string) error {
	if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
		return fmt.Errorf("becoming the parent of what has lost its own: %w", err)
	}
	group, err := cgroup.Named(groupName(os.Getpid()))
	if err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("finding this program: %w", err)
	}
	reader, writer, err := os.Pipe()
	if err != nil {
		return err
	}
	defer writer.Close()
	cmd := exec.Command(self, keeperName, dir)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = reader, os.Stdout, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if cmd.ExtraFiles, err = inherited(); err != nil {
		return err
	}
	if err := errors.Join(cmd.Start(), reader.Close()); err != nil {
		return fmt.Errorf("starting the node's keeper: %w", err)
	}
	ended := cmd.Wait()
	reapAll()
	if err := errors.Join(ended, group.Remove()); err != nil {
		return fmt.Errorf("the node's keeper ended: %w", err)
	}
	return nil
}

// reapAll waits for all children, those among them that another process has
// started and left behind.
func reapAll() {
	for {
		if _, err := syscall.Wait4(-1, nil, 0, nil); err != nil && !errors.Is(err, syscall.EINTR) {
			return // there are none
		}
	}
}
