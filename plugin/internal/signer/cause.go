package signer

import (
	"errors"
	"fmt"
	"syscall"
	"time"
)

// endedError is a context's cause, when the signer was ended because of it.
type endedError struct{ error }

// timeoutError is the cause of a context that ended because of a Timeout.
type timeoutError time.Duration

func (e timeoutError) Error() string {
	return fmt.Sprintf("the signer gave no answer within %v", time.Duration(e))
}

// startErrno is why the signer couldn't be started.
type startErrno syscall.Errno

func (e startErrno) Error() string { return syscall.Errno(e).Error() }

// errnoOf returns the number by which the guard tells the plugin of an error.
func errnoOf(err error) int {
	var errno syscall.Errno
	if errors.As(err, &errno) && errno != 0 {
		return int(errno)
	}
	return int(syscall.EINVAL)
}
