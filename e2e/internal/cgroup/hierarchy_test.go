package cgroup

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// machines are what /proc says on several of them.
var machines = map[string]struct {
	cgroup, mountinfo string
	want              []Hierarchy
}{
	"version 2 alone, systemd": {
		"0::/user.slice/user-0.slice/session-3.scope\n",
		"30 23 0:26 / /sys/fs/cgroup rw,nosuid,nodev,noexec,relatime shared:9 - cgroup2 cgroup2 " +
			"rw,nsdelegate,memory_recursiveprot\n",
		[]Hierarchy{{"/sys/fs/cgroup", true, "", "/sys/fs/cgroup/user.slice/user-0.slice/session-3.scope"}},
	},
	"version 2 alone, a container with a cgroup namespace": {
		"0::/\n",
		"640 639 0:26 / /sys/fs/cgroup ro,nosuid,nodev,noexec,relatime - cgroup2 cgroup rw,nsdelegate\n",
		[]Hierarchy{{"/sys/fs/cgroup", true, "", "/sys/fs/cgroup"}},
	},
	"version 1, a container without a cgroup namespace": {
		"4:memory:/docker/4f\n3:cpu,cpuacct:/docker/4f\n1:name=systemd:/docker/4f\n",
		"700 699 0:30 /docker/4f /sys/fs/cgroup/memory ro,nosuid - cgroup cgroup rw,memory\n" +
			"701 699 0:31 /docker/4f /sys/fs/cgroup/cpu,cpuacct ro,nosuid - cgroup cgroup rw,cpu,cpuacct\n" +
			"702 699 0:32 /docker/4f /sys/fs/cgroup/systemd ro,nosuid - cgroup systemd rw,xattr,name=systemd\n",
		[]Hierarchy{
			{"/sys/fs/cgroup/memory", false, "memory", "/sys/fs/cgroup/memory"},
			{"/sys/fs/cgroup/cpu,cpuacct", false, "cpu,cpuacct", "/sys/fs/cgroup/cpu,cpuacct"},
			{"/sys/fs/cgroup/systemd", false, "name=systemd", "/sys/fs/cgroup/systemd"},
		},
	},
	"both, version 2 beside version 1": {
		"2:pids:/system.slice\n0::/init.scope\n",
		"36 30 0:29 / /sys/fs/cgroup/unified rw,nosuid shared:11 - cgroup2 cgroup2 rw,nsdelegate\n" +
			"38 30 0:31 / /sys/fs/cgroup/pids rw,nosuid shared:13 - cgroup cgroup rw,pids\n",
		[]Hierarchy{
			{"/sys/fs/cgroup/unified", true, "", "/sys/fs/cgroup/unified/init.scope"},
			{"/sys/fs/cgroup/pids", false, "pids", "/sys/fs/cgroup/pids/system.slice"},
		},
	},
	"mounted twice, and elsewhere": {
		"0::/a/b\n1:cpu:/a\n",
		"50 30 0:26 /other /mnt/other rw - cgroup2 cgroup2 rw\n" + // this process isn't in it
			"51 30 0:26 /a/..b /mnt/dots rw - cgroup2 cgroup2 rw\n" +
			"52 30 0:26 /a /mnt/a rw - cgroup2 cgroup2 rw\n" +
			"53 30 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n" + // again
			"54 30 0:27 / /mnt/with\\040space rw - cgroup cgroup rw,cpu,release_agent=/bin/x,clone_children\n",
		[]Hierarchy{{"/mnt/a", true, "", "/mnt/a/b"}, {"/mnt/with space", false, "cpu", "/mnt/with space/a"}},
	},
	"a path with a colon": {
		"0::/machine.slice/a:b\n", "53 30 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n",
		[]Hierarchy{{"/sys/fs/cgroup", true, "", "/sys/fs/cgroup/machine.slice/a:b"}},
	},
	"a controller that no process is in": {
		"0::/\n", "54 30 0:27 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n", nil,
	},
	"no cgroups": {"", "22 1 0:5 / /proc rw - proc proc rw\n24 1 0:6 / /cgroup rw - tmpfs cgroup rw\n", nil},
	"garbage":    {"0:\n::\nx\n", "1 2\n - cgroup2\n1 2 3 / /x rw - cgroup2\n\n", nil},
}

// TestHierarchiesOf reads what made-up machines say of a process.
func TestHierarchiesOf(t *testing.T) {
	for name, one := range machines {
		t.Run(name, func(t *testing.T) {
			process := folderOf(t, map[string]string{"cgroup": one.cgroup, "mountinfo": one.mountinfo})
			got, err := read(process)
			if !slices.Equal(got, one.want) {
				t.Errorf("got %+v, not %+v", got, one.want)
			}
			if len(one.want) == 0 && (err == nil || err.Error() != "listing cgroups: none are mounted") {
				t.Errorf("the error is %v", err)
			} else if len(one.want) > 0 && err != nil {
				t.Error(err)
			}
		})
	}
}

// TestHierarchiesOfNobody reads of a process that has ended meanwhile.
func TestHierarchiesOfNobody(t *testing.T) {
	for _, there := range []map[string]string{{}, {"cgroup": "0::/\n"}} {
		if _, err := read(folderOf(t, there)); err == nil || !strings.HasPrefix(err.Error(), "listing cgroups: ") {
			t.Errorf("with %v: %v", there, err)
		}
	}
}

// TestParent makes nodes' cgroups of version 2 at the top, where no processes
// are, and those of version 1 below this process's own.
func TestParent(t *testing.T) {
	for name, want := range map[string][]string{
		"version 2 alone, systemd":         {"/sys/fs/cgroup"},
		"both, version 2 beside version 1": {"/sys/fs/cgroup/unified", "/sys/fs/cgroup/pids/system.slice"},
	} {
		for i, h := range machines[name].want {
			if h.parent() != want[i] {
				t.Errorf("%s: %s, not %s", name, h.parent(), want[i])
			}
		}
	}
}

func TestControllersOf(t *testing.T) {
	for options, want := range map[string]string{
		"rw,cpu,cpuacct":        "cpu,cpuacct",
		"rw,xattr,name=systemd": "name=systemd",
		"rw,cpuset,release_agent=/sbin/cpuset_release_agent,clone_children": "cpuset",
		"rw": "",
	} {
		if got := controllersOf(options); got != want {
			t.Errorf("controllersOf(%q) = %q, not %q", options, got, want)
		}
	}
}

// folderOf makes a folder with files, some of them in folders below.
func folderOf(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// contentOf reads a file that the package has written: without rights for
// anybody, as the kernel's files have theirs already.
func contentOf(t *testing.T, path string) string {
	t.Helper()
	if err := os.Chmod(path, 0o600); err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}
