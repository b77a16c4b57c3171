package node

import (
	"encoding/json"
	"fmt"
	"net"
	"os"
)

// serveRequests does what is asked for by whoever connects, one after the other.
func (s *services) serveRequests() error {
	sockets, err := openSockets(s.Dir)
	if err != nil {
		return err
	}
	listener, err := net.Listen("unix", sockets.path(requests))
	if err != nil {
		return fmt.Errorf("listening for requests: %w", err)
	}
	go func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			if err := json.NewEncoder(connection).Encode(s.answer(connection)); err != nil {
				fmt.Fprintln(os.Stderr, "answering a request to the node:", err)
			}
			_ = connection.Close() // all has been said
		}
	}()
	return nil
}

// answer does what a connection asks for.
func (s *services) answer(connection net.Conn) (got answer) {
	var what request
	err := json.NewDecoder(connection).Decode(&what)
	if err == nil {
		switch what.Do {
		case restart:
			err = s.restart()
		case restartWithDropIn:
			err = s.restartWithDropIn(what.DropIn)
		case diagnose:
			got.Diagnosis, err = s.diagnose()
		default:
			err = fmt.Errorf("unknown request %q", what.Do)
		}
	}
	if err != nil {
		got.Error = err.Error()
	}
	return got
}
