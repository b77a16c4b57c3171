package node

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"time"
)

// requests is where the supervisor is asked for something: by a connection, on
// which a request and an answer are one JSON value each.
const requests = "requests"

// What the supervisor can be asked to do.
const (
	restart           = "restarting containerd and kubelet"
	restartWithDropIn = "restarting containerd with a drop-in"
	diagnose          = "asking the image verifier's doctor"
)

// A request is what the supervisor is to do.
type request struct {
	Do     string
	DropIn string // for restartWithDropIn
}

// An answer says how it went.
type answer struct {
	// Error is empty if all went well.
	Error     string
	Diagnosis Diagnosis // for diagnose
}

// ask asks the supervisor of the node in dir, and returns when it has answered.
func ask(ctx context.Context, dir string, what request) (got answer, err error) {
	sockets, err := openSockets(dir)
	if err != nil {
		return got, err
	}
	defer sockets.Close()
	connection, err := sockets.dialer(requests)()
	if err != nil {
		return got, fmt.Errorf("%s: reaching the node: %w", what.Do, err)
	}
	defer connection.Close()
	// The end of the context ends the wait for the answer.
	stop := context.AfterFunc(ctx, func() { _ = connection.SetDeadline(time.Now()) })
	defer stop()
	if err = json.NewEncoder(connection).Encode(what); err == nil {
		err = json.NewDecoder(connection).Decode(&got)
	}
	if ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	if err == nil && got.Error != "" {
		err = errors.New(got.Error)
	}
	if err != nil {
		return got, fmt.Errorf("%s: %w", what.Do, err)
	}
	return got, nil
}

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
