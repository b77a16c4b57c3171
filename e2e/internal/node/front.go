package node

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// front holds the keeper's lifeline, and ends when the keeper does. Should the
// keeper be killed, the front is left to remove the cgroups.
func front(dir string) (err error) {
	if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
		return fmt.Errorf("becoming the parent of what has lost its own: %w", err)
	}
	all, err := hierarchies()
	if err != nil {
		return err
	}
	own := cgroups{name: cgroupName(os.Getpid()), all: all}
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("finding this program: %w", err)
	}
	reader, writer, err := os.Pipe()
	if err != nil {
		return err
	}
	defer writer.Close()
	cmd := exec.Command(self, keeperCommand, dir)
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
	if err := errors.Join(ended, own.remove()); err != nil {
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

// cgroupPrefix begins the names of all nodes' cgroups.
const cgroupPrefix = "container-signing-"

// cgroupName names the cgroups of a node after its front.
func cgroupName(front int) string { return cgroupPrefix + strconv.Itoa(front) }

// lifeline is the file descriptor of the run's lifeline: the first that is
// inherited beside the standard ones.
const lifeline = 3

// inherited returns the run's lifeline, if there is one, for the next process.
func inherited() ([]*os.File, error) {
	if _, err := unix.FcntlInt(lifeline, unix.F_GETFD, 0); err != nil {
		return nil, nil // started by hand
	}
	copied, err := unix.FcntlInt(lifeline, unix.F_DUPFD_CLOEXEC, lifeline+1)
	if err != nil {
		return nil, fmt.Errorf("handing on the lifeline: %w", err)
	}
	return []*os.File{os.NewFile(uintptr(copied), "lifeline")}, nil
}

// withoutReadiness is this process's environment for one that isn't to tell
// its own readiness as the node's.
func withoutReadiness() []string {
	var environment []string
	for _, variable := range os.Environ() {
		if !strings.HasPrefix(variable, "NOTIFY_SOCKET=") {
			environment = append(environment, variable)
		}
	}
	return environment
}
