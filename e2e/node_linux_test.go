package main_test

import (
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// needNode skips a test on a machine that can't have a node.
func needNode(t *testing.T) {
	t.Helper()
	if fault := nodeFault(); fault != "" {
		t.Skip(fault)
	}
}

// traces are what a node would leave on the host if it weren't in namespaces
// of its own.
type traces map[string]string

// hostTraces lists mounts, interfaces, cgroups and settings of this machine.
func hostTraces(t *testing.T) traces {
	t.Helper()
	seen := traces{}
	mounts, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(mounts)) {
		seen["mount "+strings.TrimSpace(line)] = ""
	}
	interfaces, err := net.Interfaces()
	if err != nil {
		t.Fatal(err)
	}
	for _, one := range interfaces {
		seen["interface "+one.Name] = one.Flags.String()
	}
	for _, file := range []string{
		"sys/kernel/panic", "sys/kernel/panic_on_oops", "sys/vm/overcommit_memory", "sys/vm/panic_on_oom",
		"sys/kernel/keys/root_maxkeys", "sys/net/ipv4/ip_forward", "sys/kernel/hostname", "net/route",
		"net/ip_tables_names", "net/ip6_tables_names",
	} {
		content, err := os.ReadFile(filepath.Join("/proc", file))
		seen["setting "+file] = fmt.Sprint(string(content), err)
	}
	for _, folder := range []string{"/var/lib/containerd", "/var/lib/kubelet", "/var/lib/cni", "/run/containerd", "/var/log/pods", "/var/log/containers", "/etc/cni", "/opt/cni"} {
		_, err := os.Stat(folder)
		seen["folder "+folder] = fmt.Sprint(err)
	}
	seen.addCgroups(t)
	return seen
}

// addCgroups adds the cgroups of nodes, and those that a kubelet makes.
func (seen traces) addCgroups(t *testing.T) {
	t.Helper()
	err := filepath.WalkDir("/sys/fs/cgroup", func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return nil // of a process that has just ended
		}
		keeper, ours := strings.CutPrefix(entry.Name(), "container-signing-")
		if ours {
			if _, err := os.Stat("/proc/" + keeper); err == nil {
				return fs.SkipDir // somebody else's, who is still there
			}
		}
		if ours || strings.HasPrefix(entry.Name(), "kubepods") {
			seen["cgroup "+path] = ""
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// checkSame compares with what was there before.
func (seen traces) checkSame(t *testing.T, before traces) {
	t.Helper()
	for what, value := range seen {
		if was, there := before[what]; !there {
			t.Errorf("there is now: %s", what)
		} else if was != value {
			t.Errorf("%s was %q and is %q", what, was, value)
		}
	}
	for what := range before {
		if _, there := seen[what]; !there {
			t.Errorf("there is no longer: %s", what)
		}
	}
}

// TestNodeLeavesNothing ends a run with a node and its pods in every way.
// Nothing of the node can be seen while it is there either.
func TestNodeLeavesNothing(t *testing.T) {
	needNode(t)
	for name, end := range map[string]syscall.Signal{"interrupt": syscall.SIGINT, "terminate": syscall.SIGTERM, "kill": syscall.SIGKILL} {
		t.Run(name, func(t *testing.T) {
			before := hostTraces(t)
			s := keep(t, "--node", "on")
			during := hostTraces(t)
			during.checkSame(t, before)
			s.signal(end)
			s.wait()
			hostTraces(t).checkSame(t, before)
		})
	}
}

// TestNodeProcessesThatDie kills what makes a node, one after the other: the
// run ends, says so, and leaves nothing.
func TestNodeProcessesThatDie(t *testing.T) {
	needNode(t)
	for _, victim := range []string{"node-front", "node-keeper", "node-init", "node-supervisor", "containerd", "kubelet"} {
		t.Run(victim, func(t *testing.T) {
			before := hostTraces(t)
			s := keep(t, "--node", "on")
			kill(t, s.descendant(victim))
			if status := s.wait(); status != 1 {
				t.Errorf("exit status %d, not 1", status)
			}
			s.checkError("node ended: ")
			hostTraces(t).checkSame(t, before)
		})
	}
}

// descendant returns the process ID of what e2e has started itself or through
// others, by the name of the program or by its first argument.
func (s *session) descendant(name string) int {
	s.t.Helper()
	seen := []int{s.cmd.Process.Pid}
	for i := 0; i < len(seen); i++ {
		content, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", seen[i]))
		args := strings.Split(string(content), "\x00")
		if err == nil && (filepath.Base(args[0]) == name || len(args) > 1 && args[1] == name) {
			return seen[i]
		}
		seen = append(seen, childrenOf(s.t, seen[i])...)
	}
	s.t.Fatalf("looking for %s: e2e hasn't started it", name)
	return 0
}

func TestNodeWithoutRights(t *testing.T) {
	if os.Geteuid() == 0 {
		t.Skip("this is root")
	}
	s := newSession(t, "--node", "on").start()
	if status := s.wait(); status != 2 {
		t.Errorf("exit status %d, not 2", status)
	}
	s.checkError("there can be no node on this machine: it needs root")
}
