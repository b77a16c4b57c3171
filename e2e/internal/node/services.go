package node

import (
	"os"
	"path/filepath"
	"strings"

	"container-signing/e2e/internal/process"
)

// services are the processes that a node consists of.
type services struct {
	Configuration
	processes           *process.Group
	containerd, kubelet *process.Process
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
