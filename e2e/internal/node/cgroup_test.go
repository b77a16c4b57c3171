package node

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"
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

// startIdle starts a process that waits for its end.
func startIdle(t *testing.T) *exec.Cmd {
	t.Helper()
	idle := exec.Command("cat")
	if _, err := idle.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	if err := idle.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { end(idle) })
	return idle
}

// end ends a process, if it hasn't ended yet.
func end(idle *exec.Cmd) {
	_ = idle.Process.Kill()
	_ = idle.Wait()
}

// TestSweep removes the cgroups of a node whose front has ended, and no other.
func TestSweep(t *testing.T) {
	front := startIdle(t)
	own, err := makeCgroups(cgroupName(front.Process.Pid))
	if err != nil {
		t.Skip(err)
	}
	for _, h := range own.all {
		if err := os.MkdirAll(filepath.Join(own.folder(h), "kubepods", "pod"), 0o755); err != nil {
			t.Error(err)
		}
	}
	check := func(wanted bool) {
		t.Helper()
		if err := Sweep(); err != nil {
			t.Error(err)
		}
		for _, h := range own.all {
			if _, err := os.Stat(own.folder(h)); (err == nil) != wanted {
				t.Errorf("%s: %v", own.folder(h), err)
			}
		}
	}
	check(true)
	end(front)
	check(false)
}

// TestAwaitEmpty waits for the processes of a cgroup, and not for ever.
func TestAwaitEmpty(t *testing.T) {
	own, err := makeCgroups(cgroupName(os.Getpid()))
	if err != nil {
		t.Skip(err)
	}
	defer func() {
		if err := own.remove(); err != nil {
			t.Error(err)
		}
	}()
	// One of the hierarchies does, but not that of cpuset, whose new cgroups no
	// process can enter yet.
	at := slices.IndexFunc(own.all, func(h hierarchy) bool { return !slices.Contains(h.controllers(), "cpuset") })
	root := own.folder(own.all[at])
	below := filepath.Join(root, "pod")
	if err := os.Mkdir(below, 0o755); err != nil {
		t.Fatal(err)
	}
	idle := startIdle(t)
	defer end(idle) // before the cgroups are removed
	if err := moveTo(below, strconv.Itoa(idle.Process.Pid)); err != nil {
		t.Fatal(err)
	}
	if empty, err := awaitEmpty(root, time.Now()); empty || err != nil {
		t.Errorf("a cgroup with a process is called empty: %v, %v", empty, err)
	}
	if err := idle.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	if empty, err := awaitEmpty(root, time.Now().Add(endsWithin)); !empty || err != nil {
		t.Errorf("it isn't noticed that the process has ended: %v, %v", empty, err)
	}
}

// TestMakeRoom moves a process out of the way, into a cgroup below.
func TestMakeRoom(t *testing.T) {
	all, err := hierarchies()
	if err != nil {
		t.Skip(err)
	}
	at := slices.IndexFunc(all, func(h hierarchy) bool { return h.version2 })
	if at < 0 {
		t.Skip("there are no cgroups of version 2")
	}
	parent := filepath.Join(all[at].parent(), cgroupName(os.Getpid()))
	if err := os.Mkdir(parent, 0o755); err != nil {
		t.Skip(err)
	}
	defer func() {
		if err := removeTree(parent); err != nil {
			t.Error(err)
		}
	}()
	idle := startIdle(t)
	defer end(idle)
	process := strconv.Itoa(idle.Process.Pid)
	if err := moveTo(parent, process); err != nil {
		t.Fatal(err)
	}
	for range 2 { // the second time there is nobody left to move
		if err := makeRoom(parent); err != nil {
			t.Fatal(err)
		}
		for folder, want := range map[string][]string{parent: {}, filepath.Join(parent, "processes"): {process}} {
			if got, err := readWords(folder, "cgroup.procs"); err != nil || !slices.Equal(got, want) {
				t.Errorf("%s holds %v (%v), not %v", folder, got, err, want)
			}
		}
	}
}
