package signer

import (
	"errors"

	"golang.org/x/sys/unix"
)

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
