//go:build !linux

package signer

import (
	"os"
	"syscall"
)

func executable() (string, error) { return os.Executable() }

// startSigner starts the signer in a group of its own, which is all that can be
// killed here. There it can't read from a terminal.
func startSigner(path string, args []string) (pid, group int, err error) {
	pid, err = syscall.ForkExec(path, args, &syscall.ProcAttr{
		Env:   os.Environ(),
		Files: []uintptr{0, 1, 2},
		Sys:   &syscall.SysProcAttr{Setpgid: true},
	})
	return pid, pid, err
}

func dup(from, to int) error { return syscall.Dup2(from, to) }

// endGroup kills what the signer left behind in its group, once the plugin has
// what it waits for. Only the signer itself is waited for here: its grace ends
// with it.
func endGroup(group int, plugin <-chan struct{}) {
	<-plugin
	_ = syscall.Kill(-group, syscall.SIGKILL)
}
