package node

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	"container-signing/e2e/internal/process"
	"container-signing/tools"
)

// runSupervisor starts containerd and kubelet, and ends with either of them.
func runSupervisor(dir string) error {
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
	node := &services{Configuration: c, processes: processes}
	if err := node.start(); err != nil {
		return err
	}
	if _, err := os.NewFile(readiness, "readiness").Write([]byte{1}); err != nil {
		return fmt.Errorf("telling that the node is ready: %w", err)
	}
	<-processes.Context().Done()
	return context.Cause(processes.Context())
}

// start starts them, and what connects them with the host.
func (s *services) start() error {
	listen, err := leadNames(s.reached())
	if err != nil {
		return err
	}
	if err := reach(s.Dir, s.reached(), listen); err != nil {
		return err
	}
	forContainerd, err := s.containerdFiles()
	if err != nil {
		return err
	}
	for _, all := range []files{forContainerd, s.kubeletFiles()} {
		if err := all.write(); err != nil {
			return err
		}
	}
	if err := s.startContainerd(); err != nil {
		return err
	}
	ctr := process.Tool{Path: s.Programs["ctr"]}
	_, err = ctr.Run(s.processes.Context(),
		"--namespace", "k8s.io", "images", "import", "--local", s.Programs["pause-image"])
	if err != nil {
		return fmt.Errorf("importing the image %s: %w", tools.PauseImage, err)
	}
	if err := s.startKubelet(); err != nil {
		return err
	}
	if err := offerRuntime(s.Dir); err != nil {
		return err
	}
	return s.serveRequests()
}
