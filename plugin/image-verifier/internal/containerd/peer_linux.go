package containerd

import (
	"errors"
	"fmt"
	"net"
	"syscall"
)

// peer returns the ID of the process that listens at a socket (SO_PEERCRED,
// unix(7)).
func peer(socket string) (int, error) {
	connection, err := net.Dial("unix", socket)
	if err != nil {
		return 0, fmt.Errorf("connecting with it: %w", errors.Unwrap(err))
	}
	defer connection.Close()
	raw, err := connection.(*net.UnixConn).SyscallConn()
	if err != nil {
		return 0, fmt.Errorf("asking who serves it: %w", err)
	}
	var credentials *syscall.Ucred
	var asking error
	err = raw.Control(func(descriptor uintptr) {
		credentials, asking = syscall.GetsockoptUcred(int(descriptor), syscall.SOL_SOCKET, syscall.SO_PEERCRED)
	})
	if err := errors.Join(err, asking); err != nil {
		return 0, fmt.Errorf("asking who serves it: %w", err)
	}
	return int(credentials.Pid), nil
}
