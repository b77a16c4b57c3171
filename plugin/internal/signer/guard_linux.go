package signer

import (
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// executable names this program by the running one, even if the file has been
// replaced since.
func executable() (string, error) { return "/proc/self/exe", nil }

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
	pid, err = syscall.ForkExec(path, args, &syscall.ProcAttr{
		Env: os.Environ(), Files: []uintptr{0, 1, 2}, Sys: attributes,
	})
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

// endGroup has nothing to do here: no child left means no descendant left.
func endGroup(int, <-chan struct{}) {}
