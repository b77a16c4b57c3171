package node

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"sync"
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

// forward connects whoever connects to a listener with what dial reaches. It
// goes on until the listener is closed, or this process ends.
func forward(listener net.Listener, dial func() (net.Conn, error)) {
	for {
		from, err := listener.Accept()
		if err != nil {
			return
		}
		go func() {
			to, err := dial()
			if err != nil {
				// The end of the connection is all that the other side
				// can be told.
				_ = from.Close()
				return
			}
			join(from, to)
		}()
	}
}

// join copies in both directions, and hands on which of them ends first.
func join(a, b net.Conn) {
	var both sync.WaitGroup
	for _, pair := range [][2]net.Conn{{a, b}, {b, a}} {
		both.Go(func() {
			// An error ends this direction as its end would.
			_, _ = io.Copy(pair[0], pair[1])
			if half, ok := pair[0].(interface{ CloseWrite() error }); ok {
				_ = half.CloseWrite()
			}
		})
	}
	both.Wait()
	_ = errors.Join(a.Close(), b.Close()) // both have been read to their ends
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
		go forward(listener, func() (net.Conn, error) { return net.Dial("tcp", address) })
	}
	return nil
}

// reach listens on addresses of this network namespace as those that are
// offered.
func reach(dir string, addresses []string) error {
	sockets, err := openSockets(dir)
	if err != nil {
		return err
	}
	for _, address := range addresses {
		listener, err := net.Listen("tcp", address)
		if err != nil {
			return fmt.Errorf("forwarding %s out of the node: %w", address, err)
		}
		go forward(listener, sockets.dialer(address))
	}
	return nil
}
