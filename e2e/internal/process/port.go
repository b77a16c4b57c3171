package process

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"strconv"
	"syscall"
)

// The ports from which LastingPort takes one: below those that the kernel gives
// to whoever connects (ip(7), ip_local_port_range, from 32768 on by default), and
// above those that services are known by.
const firstPort, lastPort = 20000, 32767

// LastingPort returns a port of loopback on which nobody listens now, and which
// is likely to be free as well when a program that has listened there is started
// again. Programs that can't be handed a socket have to be told a port; one that
// finds it taken in the meantime ends, and says so.
func LastingPort() (string, error) {
	var last error
	for range 100 {
		port := strconv.Itoa(firstPort + rand.IntN(lastPort-firstPort+1))
		listener, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", port))
		if err == nil {
			err = listener.Close()
		}
		if err == nil {
			return port, nil
		}
		if last = err; !errors.Is(err, syscall.EADDRINUSE) {
			break
		}
	}
	return "", fmt.Errorf("looking for a free port: %w", last)
}
