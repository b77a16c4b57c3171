package node

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"time"
)

// restarts is where the supervisor is asked for a restart: by a connection,
// which it answers and ends.
const restarts = "restart"

// restarted is its answer if all went well. Any other says what didn't.
const restarted = "restarted"

// stopLimit bounds the gentle end of containerd and of kubelet. Each takes a
// tenth of a second.
const stopLimit = 20 * time.Second

// Restart restarts containerd and kubelet of the node in dir, as an update of
// them does, and returns when containerd serves again and kubelet has been
// started. What containers do is for others to find out.
func Restart(ctx context.Context, dir string) error {
	sockets, err := openSockets(dir)
	if err != nil {
		return err
	}
	defer sockets.Close()
	connection, err := sockets.dialer(restarts)()
	if err != nil {
		return fmt.Errorf("asking the node for a restart: %w", err)
	}
	defer connection.Close()
	// The end of the context ends the wait for the answer.
	stop := context.AfterFunc(ctx, func() { _ = connection.SetReadDeadline(time.Now()) })
	defer stop()
	answer, err := io.ReadAll(connection)
	if ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	if err == nil && string(answer) != restarted {
		err = errors.New(string(answer))
	}
	if err != nil {
		return fmt.Errorf("restarting containerd and kubelet: %w", err)
	}
	return nil
}

// serveRestarts restarts containerd and kubelet for whoever connects.
func (s *services) serveRestarts() error {
	sockets, err := openSockets(s.Dir)
	if err != nil {
		return err
	}
	listener, err := net.Listen("unix", sockets.path(restarts))
	if err != nil {
		return fmt.Errorf("listening for restarts: %w", err)
	}
	go func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			answer := restarted
			if err := s.restart(); err != nil {
				answer = err.Error()
			}
			if _, err := connection.Write([]byte(answer)); err != nil {
				fmt.Fprintln(os.Stderr, "answering that the node is restarted:", err)
			}
			_ = connection.Close() // all has been said
		}
	}()
	return nil
}

// restart ends kubelet and containerd and starts them again.
func (s *services) restart() error {
	late := fmt.Errorf("it hasn't ended within %s", stopLimit)
	ctx, cancel := context.WithTimeoutCause(s.processes.Context(), stopLimit, late)
	defer cancel()
	if err := s.processes.Stop(ctx, s.kubelet); err != nil {
		return err
	}
	if err := s.processes.Stop(ctx, s.containerd); err != nil {
		return err
	}
	if err := s.startContainerd(); err != nil {
		return err
	}
	return s.startKubelet()
}
