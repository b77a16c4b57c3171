package node

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"container-signing/e2e/internal/process"
	"container-signing/tools"
)

// supervise starts containerd and kubelet, and ends with either of them.
func supervise(dir string) error {
	c, err := readConfiguration(dir)
	if err != nil {
		return err
	}
	// What these start doesn't hold them: the end of init ends it all.
	unix.CloseOnExec(lifeline)
	unix.CloseOnExec(readiness)
	processes, err := process.NewGroup(context.Background(), filepath.Join(dir, "logs"), nil)
	if err != nil {
		return err
	}
	defer processes.Close()
	if err := c.start(processes); err != nil {
		return err
	}
	if _, err := os.NewFile(readiness, "readiness").Write([]byte{1}); err != nil {
		return fmt.Errorf("telling that the node is ready: %w", err)
	}
	<-processes.Context().Done()
	return context.Cause(processes.Context())
}

// start starts what a node consists of.
func (c Configuration) start(processes *process.Group) error {
	ctx := processes.Context()
	if err := reach(c.Dir, c.reached()); err != nil {
		return err
	}
	file, err := c.writeContainerd()
	if err != nil {
		return err
	}
	// containerd finds its shim in PATH, and runc-unfiltered its runc.
	path := []string{filepath.Dir(c.Programs["containerd"]), filepath.Dir(c.Programs["runc"]), os.Getenv("PATH")}
	environment := []string{"PATH=" + strings.Join(path, string(os.PathListSeparator))}
	if c.Verifier != "" {
		environment = append(environment, "NOTATION_CONFIG="+c.Trust)
	}
	containerd, err := processes.Start(process.Command{
		Name: "containerd", Path: c.Programs["containerd"], Args: []string{"--config", file}, Env: environment, NotifiesReady: true,
	})
	if err != nil {
		return err
	}
	if err := containerd.WaitReady(ctx); err != nil {
		return err
	}
	ctr := process.Tool{Path: c.Programs["ctr"]}
	if _, err := ctr.Run(ctx, "--namespace", "k8s.io", "images", "import", "--local", c.Programs["pause-image"]); err != nil {
		return fmt.Errorf("importing the image %s: %w", tools.PauseImage, err)
	}
	if file, err = c.writeKubelet(); err != nil {
		return err
	}
	_, err = processes.Start(process.Command{
		Name: "kubelet", Path: c.Programs["kubelet"],
		Args: []string{"--config", file, "--kubeconfig", c.Kubeconfig, "--hostname-override", Name, "--node-ip", gateway},
	})
	return err
}
