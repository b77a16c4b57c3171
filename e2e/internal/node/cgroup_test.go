package node

import (
	"os"
	"path/filepath"
	"testing"
)

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

// TestHierarchiesHoldThisProcess compares with what the kernel says is in them.
func TestHierarchiesHoldThisProcess(t *testing.T) {
	all, err := hierarchies()
	if err != nil {
		t.Skip(err)
	}
	for _, h := range all {
		if _, err := os.Stat(filepath.Join(h.current, "cgroup.procs")); err != nil {
			t.Errorf("%+v: %v", h, err)
		}
	}
}

// TestCgroupsAreRemovedWhole makes cgroups with others below, and removes them.
func TestCgroupsAreRemovedWhole(t *testing.T) {
	own, err := makeCgroups(cgroupName(os.Getpid()))
	if err != nil {
		t.Skip(err)
	}
	for _, h := range own.all {
		if err := os.MkdirAll(filepath.Join(own.folder(h), "kubepods", "pod"), 0o755); err != nil {
			t.Error(err)
		}
	}
	if _, err := makeCgroups(own.name); err == nil {
		t.Error("somebody else's cgroups are taken for one's own")
	}
	for _, h := range own.all {
		if _, err := os.Stat(own.folder(h)); err != nil {
			t.Errorf("somebody else's cgroups are removed: %v", err)
		}
	}
	if err := own.remove(); err != nil {
		t.Fatal(err)
	}
	for _, h := range own.all {
		if _, err := os.Stat(own.folder(h)); !os.IsNotExist(err) {
			t.Errorf("%s is still there: %v", own.folder(h), err)
		}
	}
}
