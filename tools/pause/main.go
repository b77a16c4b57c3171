// Command pause is the first process of a pod's sandbox: it holds the pod's
// namespaces until the pod ends. In a pod whose containers share one process
// namespace it is also the parent of processes that have lost theirs.
package main

import (
	"os"
	"os/signal"
	"syscall"
)

func main() {
	// A channel each: a child that ends at the same moment must not take the
	// place of the signal to end.
	end, children := make(chan os.Signal, 1), make(chan os.Signal, 1)
	signal.Notify(end, syscall.SIGINT, syscall.SIGTERM)
	signal.Notify(children, syscall.SIGCHLD)
	for {
		select {
		case <-end:
			return
		case <-children:
			reap()
		}
	}
}

// reap takes note of all children that have ended: one signal may stand for
// several of them.
func reap() {
	for {
		pid, err := syscall.Wait4(-1, nil, syscall.WNOHANG, nil)
		if err == syscall.EINTR {
			continue
		}
		if err != nil || pid == 0 {
			return
		}
	}
}
