package node

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"container-signing/e2e/internal/cgroup"
	"container-signing/internal/hint"
	"container-signing/tools"
)

// Check returns an error if there can be no node on this machine: because of
// rights, of something in its kernel, or of what its tools are built with. It
// tries.
func Check(ctx context.Context) error {
	if os.Geteuid() != 0 {
		return errors.New("it needs root")
	}
	group, err := cgroup.Make(groupName(os.Getpid()), controllers)
	if errors.Is(err, unix.EROFS) {
		return hint.Add(err, privileged)
	}
	if err != nil {
		return err
	}
	if err := group.Remove(); err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("finding this program: %w", err)
	}
	cmd := exec.CommandContext(ctx, self, probeName, "")
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: namespaces, Pdeathsig: syscall.SIGKILL}
	if output, err := cmd.CombinedOutput(); errors.Is(err, unix.EPERM) {
		return hint.Add(fmt.Errorf("trying namespaces: %w", err), privileged)
	} else if err != nil {
		words := strings.TrimSpace(string(output))
		if words == "" {
			words = err.Error()
		}
		return fmt.Errorf("trying namespaces: %s", strings.TrimPrefix(words, "e2e: "))
	}
	return tools.CheckNode(ctx)
}

// privileged is the advice where something is forbidden even to root.
const privileged = "a container has to be privileged"

// runProbe makes the mounts and the network of a node, in namespaces that end
// with it.
func runProbe() error {
	if os.Getpid() != 1 {
		return errors.New("this belongs into a pid namespace of its own, as process 1")
	}
	// containerd copies it for each pod.
	if _, err := os.Stat("/etc/hosts"); err != nil {
		return fmt.Errorf("looking for what pods get of this machine: %w", err)
	}
	if err := makeMounts(Configuration{Dir: "/", Membership: Membership{Kubeconfig: "/kubeconfig"}}); err != nil {
		return err
	}
	return makeNetwork()
}
