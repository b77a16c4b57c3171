package node

import (
	"fmt"
	"net"
	"os"
	"strings"

	"container-signing/e2e/internal/forward"
)

// A socketFolder holds the sockets by which addresses of the host are reached.
// A socket in the file system is the same one in all network namespaces. The
// folder is held open, as its path may be longer than that of a socket can be.
type socketFolder struct{ *os.File }

func openSockets(dir string) (socketFolder, error) {
	opened, err := os.Open(dir)
	if err != nil {
		return socketFolder{}, fmt.Errorf("opening the node's folder: %w", err)
	}
	return socketFolder{opened}, nil
}

func (s socketFolder) path(address string) string {
	name := strings.NewReplacer(":", "-", "[", "", "]", "").Replace(address)
	return fmt.Sprintf("/proc/self/fd/%d/%s.sock", s.Fd(), name)
}

// dialer connects with an address that is offered. It holds the folder open.
func (s socketFolder) dialer(address string) func() (net.Conn, error) {
	return func() (net.Conn, error) { return net.Dial("unix", s.path(address)) }
}

// offer lets the node reach addresses of this network namespace.
func offer(dir string, addresses []string) error {
	sockets, err := openSockets(dir)
	if err != nil {
		return err
	}
	for _, address := range addresses {
		listener, err := net.Listen("unix", sockets.path(address))
		if err != nil {
			return fmt.Errorf("forwarding %s into the node: %w", address, err)
		}
		go forward.Serve(listener, func() (net.Conn, error) { return net.Dial("tcp", address) })
	}
	return nil
}

// reach listens in this network namespace for those who connect with addresses
// that are offered: there, or where their names lead to.
func reach(dir string, addresses, listen []string) error {
	sockets, err := openSockets(dir)
	if err != nil {
		return err
	}
	for i, address := range addresses {
		listener, err := net.Listen("tcp", listen[i])
		if err != nil {
			return fmt.Errorf("forwarding %s out of the node: %w", address, err)
		}
		go forward.Serve(listener, sockets.dialer(address))
	}
	return nil
}
