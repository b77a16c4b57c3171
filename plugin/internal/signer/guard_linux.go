package signer

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"
)

// executable names this program by the running one, even if the file has been
// replaced since.
func executable() (string, error) { return "/proc/self/exe", nil }

// adoptOrphans makes this process the parent of each of its descendants that
// loses its own, such as a daemon that has forked twice.
func adoptOrphans() error {
	if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
		return fmt.Errorf("becoming a child subreaper: %w", err)
	}
	return nil
}

// startSigner starts the signer, to die with this thread. Its group is its own,
// so that a signal to its group, as scripts send it with kill 0, reaches nobody
// else. Only in the foreground of a terminal it joins notation's group, and 0 is
// returned for its own: it may have to ask for a passphrase there, and Ctrl-C and
// Ctrl-Z are meant for all of them.
func startSigner(path string, args []string) (pid, group int, err error) {
	attributes := &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	if foreground, ok := foregroundGroup(); ok {
		attributes.Pgid = foreground
	}
	pid, err = syscall.ForkExec(path, args, &syscall.ProcAttr{Env: os.Environ(), Files: []uintptr{0, 1, 2}, Sys: attributes})
	if attributes.Pgid != 0 {
		return pid, 0, err
	}
	return pid, pid, err
}

// foregroundGroup returns the plugin's process group if a terminal listens to it.
func foregroundGroup() (int, bool) {
	terminal, err := os.OpenFile("/dev/tty", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		return 0, false
	}
	defer terminal.Close()
	group, err := syscall.Getpgid(os.Getppid())
	if err != nil {
		return 0, false
	}
	foreground, err := unix.IoctlGetInt(int(terminal.Fd()), unix.TIOCGPGRP)
	return group, err == nil && foreground == group
}

func dup(from, to int) error { return unix.Dup3(from, to, 0) }

// descendants returns the process IDs below root. Processes that start or end
// meanwhile may be missed; their ancestors' end is the time to ask again.
func descendants(root int) []int {
	children := map[int][]int{}
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return nil
	}
	for _, name := range stats {
		if pid, parent, ok := parentOf(name); ok {
			children[parent] = append(children[parent], pid)
		}
	}
	result := children[root]
	for i := 0; i < len(result); i++ {
		result = append(result, children[result[i]]...)
	}
	return result
}

// parentOf reads /proc/PID/stat: the ID, the name in parentheses, which may
// contain anything, the state, and the parent's ID.
func parentOf(name string) (pid, parent int, ok bool) {
	data, err := os.ReadFile(name)
	if err != nil {
		return 0, 0, false
	}
	pid, err = strconv.Atoi(filepath.Base(filepath.Dir(name)))
	fields := bytes.Fields(data[bytes.LastIndexByte(data, ')')+1:])
	if err != nil || len(fields) < 2 {
		return 0, 0, false
	}
	parent, err = strconv.Atoi(string(fields[1]))
	return pid, parent, err == nil
}

// endGroup has nothing to do here: no child left means no descendant left.
func endGroup(int, <-chan struct{}) {}

// parentDeath is the signal that the kernel sends when the parent dies. Nobody
// else sends it.
const parentDeath = unix.SIGUSR1

// watchParent asks for it. Without it the plugin would end by its deadline.
func watchParent() { _ = unix.Prctl(unix.PR_SET_PDEATHSIG, uintptr(parentDeath), 0, 0, 0) }

// awaitReaderGone returns true when nobody has the other end of a pipe open any
// more. It blocks for as long as somebody has, and for ever on what is no pipe.
func awaitReaderGone(descriptor int) bool {
	for {
		files := []unix.PollFd{{Fd: int32(descriptor)}}
		_, err := unix.Poll(files, -1)
		if errors.Is(err, unix.EINTR) {
			continue
		}
		return err == nil && files[0].Revents&(unix.POLLERR|unix.POLLHUP) != 0
	}
}
