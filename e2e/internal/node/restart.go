package node

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// stopLimit bounds the gentle end of containerd and of kubelet. Each takes a
// tenth of a second.
const stopLimit = 20 * time.Second

// Restart restarts containerd and kubelet of the node in dir, as an update of
// them does, and returns when containerd serves again and kubelet has been
// started. What containers do is for others to find out.
func Restart(ctx context.Context, dir string) error {
	_, err := ask(ctx, dir, request{Do: restart})
	return err
}

// RestartWithDropIn stops kubelet of the node in dir, and restarts containerd
// with a drop-in of its configuration, until Restart. Without kubelet nothing is
// pulled meanwhile but by hand.
func RestartWithDropIn(ctx context.Context, dir, content string) error {
	_, err := ask(ctx, dir, request{Do: restartWithDropIn, DropIn: content})
	return err
}

// restart ends kubelet and containerd and starts them again.
func (s *services) restart() error {
	if err := s.stop(); err != nil {
		return err
	}
	if err := os.Remove(DropIn); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("removing the drop-in: %w", err)
	}
	if err := s.startContainerd(); err != nil {
		return err
	}
	return s.startKubelet()
}

// restartWithDropIn ends kubelet and containerd, and starts containerd again.
func (s *services) restartWithDropIn(content string) error {
	if err := s.stop(); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(DropIn), 0o755); err != nil {
		return fmt.Errorf("writing the drop-in: %w", err)
	}
	if err := os.WriteFile(DropIn, []byte(content), 0o600); err != nil {
		return fmt.Errorf("writing the drop-in: %w", err)
	}
	return s.startContainerd()
}

// stop ends kubelet and containerd.
func (s *services) stop() error {
	late := fmt.Errorf("it hasn't ended within %s", stopLimit)
	ctx, cancel := context.WithTimeoutCause(s.processes.Context(), stopLimit, late)
	defer cancel()
	if err := s.processes.Stop(ctx, s.kubelet); err != nil {
		return err
	}
	return s.processes.Stop(ctx, s.containerd)
}
