package node

import (
	"errors"
	"fmt"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// runInit is process 1 of a node. It makes the node's own mounts and
// network, starts the supervisor, and reaps what has lost its parent until the
// supervisor ends.
func runInit(dir string) error {
	if os.Getpid() != 1 {
		return errors.New("this belongs into a pid namespace of its own, as process 1")
	}
	c, err := readConfiguration(dir)
	if err != nil {
		return err
	}
	if err := unix.Sethostname([]byte(Name)); err != nil {
		return fmt.Errorf("naming the node: %w", err)
	}
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("finding this program: %w", err)
	}
	if err := makeMounts(c); err != nil {
		return err
	}
	if err := makeNetwork(); err != nil {
		return err
	}
	supervisor, err := os.StartProcess(self, []string{self, supervisorName, dir}, &os.ProcAttr{
		Env: os.Environ(),
		Files: []*os.File{
			nil, os.Stdout, os.Stderr, os.NewFile(lifeline, "lifeline"), os.NewFile(readiness, "readiness"),
		},
	})
	if err != nil {
		return fmt.Errorf("starting the node's supervisor: %w", err)
	}
	return reapUntil(supervisor.Pid)
}

// reapUntil waits for all processes that end, up to the one with that pid.
func reapUntil(pid int) error {
	for {
		var status syscall.WaitStatus
		ended, err := syscall.Wait4(-1, &status, 0, nil)
		switch {
		case errors.Is(err, syscall.EINTR):
		case err != nil:
			return fmt.Errorf("waiting for processes of the node: %w", err)
		case ended == pid && status.Signaled():
			return fmt.Errorf("the node's supervisor ended by signal %s", status.Signal())
		case ended == pid:
			return fmt.Errorf("the node's supervisor ended: exit status %d", status.ExitStatus())
		}
	}
}
