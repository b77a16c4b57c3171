//go:build !linux

package signer

import (
	"os"
	"syscall"
)

func executable() (string, error) { return os.Executable() }

// adoptOrphans can't be done here: a descendant that has left the signer's group
// outlives it.
func adoptOrphans() error { return nil }

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

// descendants aren't looked for here: killing the signer's group has to do.
func descendants(int) []int { return nil }

// endGroup kills what the signer left behind in its group, once the plugin has
// what it waits for. Only the signer itself is waited for here: its grace ends
// with it.
func endGroup(group int, plugin <-chan struct{}) {
	<-plugin
	_ = syscall.Kill(-group, syscall.SIGKILL)
}

// parentDeath is sent by nobody here: where notation dies without a signal to
// its group, the plugin ends by its deadline.
const parentDeath = syscall.SIGUSR1

func watchParent() {}

// awaitReaderGone is for Linux. Elsewhere the plugin's deadline ends what nobody
// waits for.
func awaitReaderGone(int) bool { return false }
