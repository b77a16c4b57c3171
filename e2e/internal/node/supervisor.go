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

// services are the processes that a node consists of.
type services struct {
	Configuration
	processes           *process.Group
	containerd, kubelet *process.Process
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

// startContainerd starts containerd, and returns when it serves.
func (s *services) startContainerd() (err error) {
	// containerd finds its shim in PATH, and runc-unfiltered its runc.
	path := []string{filepath.Dir(s.Programs["containerd"]), filepath.Dir(s.Programs["runc"]), os.Getenv("PATH")}
	environment := []string{"PATH=" + strings.Join(path, string(os.PathListSeparator))}
	if s.Verifier != "" {
		environment = append(environment, "NOTATION_CONFIG="+s.Trust)
	}
	s.containerd, err = s.processes.Start(process.Command{
		Name: "containerd", Path: s.Programs["containerd"],
		Args: []string{"--config", containerdFile}, Env: environment, NotifiesReady: true,
	})
	if err != nil {
		return err
	}
	return s.containerd.WaitReady(s.processes.Context())
}

func (s *services) startKubelet() (err error) {
	s.kubelet, err = s.processes.Start(process.Command{
		Name: "kubelet", Path: s.Programs["kubelet"],
		Args: []string{
			"--config", kubeletFile, "--kubeconfig", s.Membership.Kubeconfig, "--hostname-override", Name,
			"--node-ip", gateway,
		},
	})
	return err
}
