package process

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"sync/atomic"
)

// A notification is a socket at which a process tells that it is ready, as
// sd_notify(3) describes.
type notification struct {
	address  string
	socket   *net.UnixConn
	received chan struct{} // closed on READY=1
}

var notifications atomic.Int64

// listenForReady opens a socket in the abstract namespace: it has no file to
// leave behind, and no limit that the temporary folder's path could exceed.
func listenForReady(name string) (*notification, error) {
	address := fmt.Sprintf("@container-signing/%d/%d/%s", os.Getpid(), notifications.Add(1), name)
	socket, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: address, Net: "unixgram"})
	if err != nil {
		return nil, fmt.Errorf("listening for its readiness: %w", err)
	}
	n := &notification{address: address, socket: socket, received: make(chan struct{})}
	go n.receive()
	return n, nil
}

// receive reads until READY=1 has come or the socket is closed.
func (n *notification) receive() {
	message := make([]byte, 4096)
	for {
		length, err := n.socket.Read(message)
		if err != nil {
			return
		}
		for _, state := range bytes.Split(message[:length], []byte("\n")) {
			if string(state) == "READY=1" {
				close(n.received)
				return
			}
		}
	}
}

// closeAfter closes the socket once done is closed.
func (n *notification) closeAfter(done <-chan struct{}) {
	<-done
	// Nobody is left who could be told of an error.
	_ = n.socket.Close()
}
