package node

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"runtime"
	"syscall"

	"golang.org/x/sys/unix"

	"container-signing/e2e/internal/cgroup"
)

// namespaces are those that a node has of its own.
const namespaces = unix.CLONE_NEWNS | unix.CLONE_NEWNET | unix.CLONE_NEWPID |
	unix.CLONE_NEWIPC | unix.CLONE_NEWUTS | unix.CLONE_NEWCGROUP

// runKeeper runs a node until its standard input ends, and leaves nothing of it.
func runKeeper(dir string) (err error) {
	c, err := readConfiguration(dir)
	if err != nil {
		return err
	}
	if err := offer(dir, c.reached()); err != nil {
		return err
	}
	if err := Sweep(); err != nil {
		fmt.Fprintln(os.Stderr, err) // it doesn't keep this node from running
	}
	group, err := cgroup.Make(groupName(os.Getppid()), controllers)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, group.Remove()) }()
	// The kernel takes the end of the thread that started a process for the
	// end of its parent.
	runtime.LockOSThread()
	cmd, ready, err := startInit(dir, group)
	if err != nil {
		return err
	}
	go func() {
		// Nothing is ever written to it; the read returns at its end.
		_, _ = os.Stdin.Read(make([]byte, 1))
		// An error says that it is gone already.
		_ = cmd.Process.Kill()
	}()
	go tellReady(ready)
	// The kernel lets init go only when all processes of the node are gone.
	if err := cmd.Wait(); err != nil {
		return fmt.Errorf("the node ended: %w", err)
	}
	return errors.New("the node ended by itself")
}

// startInit starts process 1 of a node in the group of cgroups that the node is
// to have, which its cgroup namespace takes for the roots. It returns a pipe that
// init writes to when the node is ready.
func startInit(dir string, group cgroup.Group) (*exec.Cmd, io.Reader, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, nil, fmt.Errorf("finding this program: %w", err)
	}
	reader, writer, err := os.Pipe()
	if err != nil {
		return nil, nil, err
	}
	cmd := exec.Command(self, initName, dir)
	cmd.Stdout, cmd.Stderr, cmd.Env = os.Stdout, os.Stderr, withoutReadiness()
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: namespaces, Pdeathsig: syscall.SIGKILL, Setsid: true}
	held, err := inherited()
	if err != nil {
		return nil, nil, err
	}
	if len(held) == 0 { // started by hand: the number has to be somebody's
		held = []*os.File{writer}
	}
	held = append(held, writer)
	cmd.ExtraFiles = held
	if err := group.Enter(); err != nil {
		return nil, nil, errors.Join(err, group.Leave())
	}
	err = cmd.Start()
	if err := errors.Join(err, group.Leave(), writer.Close()); err != nil {
		return nil, nil, fmt.Errorf("starting the node in namespaces of its own: %w", err)
	}
	return cmd, reader, nil
}

// tellReady hands on by sd_notify(3) that the node is ready. The socket of
// that can't be reached from another network namespace.
func tellReady(from io.Reader) {
	if _, err := from.Read(make([]byte, 1)); err != nil {
		return // it has ended, and that is told otherwise
	}
	address := os.Getenv("NOTIFY_SOCKET")
	if address == "" {
		return
	}
	socket, err := net.Dial("unixgram", address)
	if err != nil {
		fmt.Fprintln(os.Stderr, "telling that the node is ready:", err)
		return
	}
	defer socket.Close()
	if _, err := socket.Write([]byte("READY=1")); err != nil {
		fmt.Fprintln(os.Stderr, "telling that the node is ready:", err)
	}
}
