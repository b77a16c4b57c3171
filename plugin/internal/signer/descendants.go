package signer

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"syscall"
	"time"
)

const (
	// graceTime is how long a signer that is given up may take to end by itself
	// after SIGTERM: whoever interrupts notation waits for it.
	graceTime = time.Second
	// killTime bounds the wait for killed processes to be gone. The kernel needs
	// milliseconds, unless one is stuck in a system call or belongs to root.
	killTime = 3 * time.Second
)

// killDescendants kills all descendants of this process and waits for them.
func killDescendants(ctx context.Context) {
	children := make(chan os.Signal, 1)
	signal.Notify(children, syscall.SIGCHLD)
	defer signal.Stop(children)
	for reap(func(int, syscall.WaitStatus) {}) {
		kill(0)
		select {
		case <-children:
		case <-ctx.Done():
			return
		}
	}
}

// reap collects the children that have ended, and reports whether there are more.
func reap(ended func(pid int, status syscall.WaitStatus)) (more bool) {
	for {
		var status syscall.WaitStatus
		pid, err := syscall.Wait4(-1, &status, syscall.WNOHANG, nil)
		switch {
		case errors.Is(err, syscall.EINTR):
		case err != nil:
			return false
		case pid == 0:
			return true
		default:
			ended(pid, status)
		}
	}
}

// terminate asks the process group of the signer to end, or, where group is 0,
// every descendant: then the group is notation's. SIGCONT lets those handle it
// that a signal has stopped. Those that can't be signalled are killed later.
func terminate(group int) {
	targets := []int{-group}
	if group == 0 {
		targets = descendants(os.Getpid())
	}
	for _, target := range targets {
		_ = syscall.Kill(target, syscall.SIGTERM)
		_ = syscall.Kill(target, syscall.SIGCONT)
	}
}

// kill kills the process group of the signer, unless group is 0, and then every
// descendant. One that can't be killed is waited for like the others.
func kill(group int) {
	if group > 0 {
		_ = syscall.Kill(-group, syscall.SIGKILL)
	}
	for _, descendant := range descendants(os.Getpid()) {
		_ = syscall.Kill(descendant, syscall.SIGKILL)
	}
}
