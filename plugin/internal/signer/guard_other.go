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

func startSigner(path string, args []string) (int, error) {
	return syscall.ForkExec(path, args, &syscall.ProcAttr{
		Env:   os.Environ(),
		Files: []uintptr{0, 1, 2},
		Sys:   &syscall.SysProcAttr{Setpgid: true},
	})
}

func dup(from, to int) error { return syscall.Dup2(from, to) }

// descendants aren't looked for here: killing the signer's group has to do.
func descendants(int) []int { return nil }

// endGroup kills what the signer left behind in its group, once the plugin has
// what it waits for.
func endGroup(pid int, plugin <-chan struct{}) {
	<-plugin
	_ = syscall.Kill(-pid, syscall.SIGKILL)
}

// parentDeath is sent by nobody here: where notation dies without a signal to
// its group, the plugin ends by its deadline.
const parentDeath = syscall.SIGUSR1

func watchParent() {}
