package node_test

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"container-signing/e2e/internal/node"
	"container-signing/e2e/internal/node/nodetest"
)

// inNamespaces runs something in the namespaces of a node, but for that of
// processes, which end with it.
func inNamespaces(t *testing.T, do func() error) {
	t.Helper()
	nodetest.Require(t)
	done := make(chan error)
	go func() {
		runtime.LockOSThread() // and never unlocked: its namespaces are its own
		err := unix.Unshare(
			unix.CLONE_NEWNS | unix.CLONE_NEWNET | unix.CLONE_NEWIPC | unix.CLONE_NEWUTS | unix.CLONE_NEWCGROUP)
		if err == nil {
			err = unix.Mount("none", "/", "", unix.MS_REC|unix.MS_PRIVATE, "")
		}
		if err == nil {
			err = do()
		}
		done <- err
	}()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// hostMounts are the mounts of the host.
func hostMounts(t *testing.T) string {
	t.Helper()
	content, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

// TestMounts gives a node a view of its own: it sees neither what other
// containerds and kubelets of the host have, nor settings for any containerd, but
// its own folders wherever they are. What it writes stays in memory, and settings
// of the machine are out of its reach.
func TestMounts(t *testing.T) {
	before := hostMounts(t)
	inNamespaces(t, func() error {
		// A host that has it all.
		for _, folder := range []string{"/etc", "/opt", "/var/lib"} {
			if err := unix.Mount("tmpfs", folder, "tmpfs", 0, ""); err != nil {
				return fmt.Errorf("preparing %s: %w", folder, err)
			}
		}
		theirs := []string{"/etc/containerd/conf.d/theirs.toml", "/etc/cni/net.d/theirs.conflist",
			"/var/lib/kubelet/theirs", "/opt/cni/bin/theirs"}
		ours := []string{"/opt/verifier/notation-image-verifier", "/var/lib/run/node/node.json",
			"/var/lib/run/trust/trustpolicy.json"}
		for _, path := range slices.Concat(theirs, ours) {
			if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
				return err
			}
			if err := os.WriteFile(path, []byte("content"), 0o600); err != nil {
				return err
			}
		}
		if err := node.MakeMounts(node.Configuration{
			Dir: "/var/lib/run/node", Membership: node.Membership{Kubeconfig: "/kubeconfig"},
			Verifier: "/opt/verifier/notation-image-verifier", Trust: "/var/lib/run/trust",
		}); err != nil {
			return err
		}
		for _, path := range theirs {
			if _, err := os.Stat(path); err == nil {
				t.Errorf("the node sees %s", path)
			}
		}
		for _, path := range ours {
			if content, err := os.ReadFile(path); err != nil || string(content) != "content" {
				t.Errorf("the node has lost %s: %v", path, err)
			}
		}
		checkSettings(t)
		return nil
	})
	if after := hostMounts(t); after != before {
		t.Errorf("the mounts of the host were\n%sand are\n%s", before, after)
	}
}

// checkSettings checks that kubelet can write the settings that it insists on,
// without effect, and no others.
func checkSettings(t *testing.T) {
	t.Helper()
	for _, name := range []string{"kernel/panic", "vm/overcommit_memory"} {
		path := filepath.Join("/proc/sys", name)
		before, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, append(before, "  "...), 0); err != nil {
			t.Errorf("kubelet can't write %s: %v", name, err)
		}
	}
	const other = "/proc/sys/kernel/threads-max"
	content, err := os.ReadFile(other)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(other, content, 0); err == nil || !strings.Contains(err.Error(), "read-only file system") {
		t.Errorf("the node can write %s: %v", other, err)
	}
}

// TestNetwork makes the node's network: loopback, a bridge with the node's
// address, and no way out.
func TestNetwork(t *testing.T) {
	inNamespaces(t, func() error {
		if err := node.MakeNetwork(); err != nil {
			return err
		}
		bridge, err := netlink.LinkByName("cni0")
		if err != nil {
			return err
		}
		addresses, err := netlink.AddrList(bridge, netlink.FAMILY_V4)
		if err != nil || len(addresses) != 1 || addresses[0].IPNet.String() != "10.244.0.1/24" ||
			bridge.Attrs().Flags&net.FlagUp == 0 {
			t.Errorf("the bridge has %v and %v (%v)", addresses, bridge.Attrs().Flags, err)
		}
		routes, err := netlink.RouteList(nil, netlink.FAMILY_V4)
		if err != nil {
			return err
		}
		for _, route := range routes {
			if route.Dst == nil || route.Dst.IP.IsUnspecified() {
				t.Errorf("there is a way out: %v", route)
			}
		}
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return fmt.Errorf("loopback isn't up: %w", err)
		}
		if err := node.MakeNetwork(); err == nil || !strings.Contains(err.Error(), "making bridge cni0: ") {
			t.Errorf("a bridge of that name is taken over: %v", err)
		}
		return listener.Close()
	})
}

// TestNamesOfRegistries leads the names of registries to loopback, in the node
// alone.
func TestNamesOfRegistries(t *testing.T) {
	before, err := os.ReadFile("/etc/hosts")
	if err != nil {
		t.Skip(err)
	}
	inNamespaces(t, func() error {
		if err := unix.Mount("tmpfs", "/run", "tmpfs", 0, ""); err != nil {
			return err
		}
		given := []string{"127.0.0.1:6443", "production.test:5000", "ci.test:5000", "production.test:5001"}
		listen, err := node.LeadNames(given)
		want := []string{"127.0.0.1:6443", "127.0.1.1:5000", "127.0.1.2:5000", "127.0.1.1:5001"}
		if err != nil || !slices.Equal(listen, want) {
			t.Errorf("it listens at %q (%v), not at %q", listen, err, want)
		}
		content, err := os.ReadFile("/etc/hosts")
		if err != nil {
			return err
		}
		for _, line := range []string{"127.0.1.1 production.test\n", "127.0.1.2 ci.test\n"} {
			if !strings.Contains(string(content), line) {
				t.Errorf("%q is missing in\n%s", line, content)
			}
		}
		return nil
	})
	if after, err := os.ReadFile("/etc/hosts"); err != nil || string(after) != string(before) {
		t.Errorf("the host's names are changed: %v\n%s", err, after)
	}
}

// TestCheckLeavesNothing tries a node twice, which leaves nothing that would keep
// the second from being tried.
func TestCheckLeavesNothing(t *testing.T) {
	nodetest.Require(t)
	before := hostMounts(t)
	for range 2 {
		if err := node.Check(t.Context()); err != nil {
			t.Error(err)
		}
	}
	if hostMounts(t) != before {
		t.Error("there are other mounts")
	}
	err := filepath.WalkDir("/sys/fs/cgroup", func(path string, _ os.DirEntry, _ error) error {
		if filepath.Base(path) == fmt.Sprintf("container-signing-%d", os.Getpid()) {
			t.Errorf("there is now: %s", path)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}
