package cgroup_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"container-signing/e2e/internal/cgroup"
	"container-signing/e2e/internal/node/nodetest"
)

// prefix of the names of these tests' groups.
const prefix = "container-signing-test-"

// limit bounds the wait for the end of a process that has been killed.
const limit = 10 * time.Second

// controllers that any machine has.
var controllers = []string{"cpu", "memory"}

// makeGroup makes a group that is named after a process, and removes what is
// left of it after the test.
func makeGroup(t *testing.T, process int) cgroup.Group {
	t.Helper()
	nodetest.Require(t)
	group, err := cgroup.Make(prefix+strconv.Itoa(process), controllers)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := group.Remove(); err != nil {
			t.Error(err)
		}
	})
	return group
}

// fill makes cgroups below those of a group, as kubelet does.
func fill(t *testing.T, group cgroup.Group) {
	t.Helper()
	for _, h := range group.All() {
		if err := os.MkdirAll(filepath.Join(group.Folder(h), "kubepods", "pod"), 0o755); err != nil {
			t.Error(err)
		}
	}
}

// checkThere checks whether all cgroups of a group are there, or none is.
func checkThere(t *testing.T, group cgroup.Group, wanted bool) {
	t.Helper()
	for _, h := range group.All() {
		if _, err := os.Stat(group.Folder(h)); (err == nil) != wanted {
			t.Errorf("%s: %v", group.Folder(h), err)
		}
	}
}

// TestHierarchiesHoldThisProcess compares with what the kernel says is in them.
func TestHierarchiesHoldThisProcess(t *testing.T) {
	all, err := cgroup.Hierarchies()
	if err != nil {
		t.Skip(err)
	}
	for _, h := range all {
		processes, err := cgroup.ReadWords(h.Current(), "cgroup.procs")
		if err != nil || !slices.Contains(processes, strconv.Itoa(os.Getpid())) {
			t.Errorf("%+v: it holds %v (%v)", h, processes, err)
		}
	}
}

// TestGroupsAreRemovedWhole makes cgroups with others below, and removes them.
func TestGroupsAreRemovedWhole(t *testing.T) {
	own := makeGroup(t, os.Getpid())
	fill(t, own)
	if _, err := cgroup.Make(prefix+strconv.Itoa(os.Getpid()), controllers); !errors.Is(err, os.ErrExist) {
		t.Errorf("somebody else's cgroups are taken for one's own: %v", err)
	}
	checkThere(t, own, true) // what is somebody else's isn't removed
	if err := own.Remove(); err != nil {
		t.Fatal(err)
	}
	checkThere(t, own, false)
	if err := own.Remove(); err != nil {
		t.Errorf("what is gone can't be removed: %v", err)
	}
}

// TestGroupWithoutController asks for what no machine has, and is left with
// nothing.
func TestGroupWithoutController(t *testing.T) {
	nodetest.Require(t)
	name := prefix + "impossible"
	_, err := cgroup.Make(name, []string{"memory", "time-travel"})
	if err == nil || err.Error() != "the cgroup controller time-travel isn't there for a new cgroup" {
		t.Errorf("the error is %v", err)
	}
	group, err := cgroup.Named(name)
	if err != nil {
		t.Fatal(err)
	}
	checkThere(t, group, false)
}

// TestEnterAndLeave moves this process into a group and back.
func TestEnterAndLeave(t *testing.T) {
	own := makeGroup(t, os.Getpid())
	if err := own.Enter(); err != nil {
		t.Error(err)
	}
	inside, err := cgroup.Hierarchies()
	if err != nil {
		t.Error(err)
	}
	for _, h := range inside {
		if filepath.Base(h.Current()) != prefix+strconv.Itoa(os.Getpid()) {
			t.Errorf("it isn't in the group, but in %s", h.Current())
		}
	}
	if err := own.Remove(); !errors.Is(err, unix.EBUSY) {
		t.Errorf("a cgroup with a process in it is removed: %v", err)
	}
	if err := own.Leave(); err != nil {
		t.Fatal(err)
	}
	outside, err := cgroup.Hierarchies()
	if err != nil || !slices.Equal(outside, own.All()) {
		t.Errorf("it isn't back: %+v and not %+v (%v)", outside, own.All(), err)
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

// TestSweep removes the groups of a process that has ended, and no others.
func TestSweep(t *testing.T) {
	nodetest.Require(t)
	owner := startIdle(t)
	own := makeGroup(t, owner.Process.Pid)
	fill(t, own)
	for _, ended := range []bool{false, true} {
		if ended {
			end(owner)
		}
		if err := cgroup.Sweep(prefix, time.Now().Add(limit)); err != nil {
			t.Error(err)
		}
		checkThere(t, own, !ended)
	}
}

// hold puts a process into a cgroup below one of a group's, and returns the
// group's. It has to be in a hierarchy without cpuset, whose new cgroups no
// process can enter before they have processors.
func hold(t *testing.T, group cgroup.Group, process *exec.Cmd) string {
	t.Helper()
	at := slices.IndexFunc(group.All(), func(h cgroup.Hierarchy) bool {
		return !slices.Contains(h.Controllers(), "cpuset")
	})
	root := group.Folder(group.All()[at])
	below := filepath.Join(root, "pod")
	if err := os.Mkdir(below, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := cgroup.MoveTo(below, strconv.Itoa(process.Process.Pid)); err != nil {
		t.Fatal(err)
	}
	return root
}

// TestSweepSparesTheLiving leaves a group alone in which a process doesn't end,
// though the group's owner has, and removes it when that has ended too.
func TestSweepSparesTheLiving(t *testing.T) {
	nodetest.Require(t)
	owner, idle := startIdle(t), startIdle(t)
	own := makeGroup(t, owner.Process.Pid)
	root := hold(t, own, idle)
	defer end(idle) // before the cgroups are removed
	end(owner)
	if err := cgroup.Sweep(prefix, time.Now()); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(filepath.Join(root, "pod")); err != nil {
		t.Errorf("a cgroup is removed though a process is in it: %v", err)
	}
	if err := idle.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := cgroup.Sweep(prefix, time.Now().Add(limit)); err != nil {
		t.Error(err)
	}
	checkThere(t, own, false)
}

// TestAwaitEmpty waits for the processes of a cgroup, and not for ever.
func TestAwaitEmpty(t *testing.T) {
	own := makeGroup(t, os.Getpid())
	idle := startIdle(t)
	root := hold(t, own, idle)
	defer end(idle) // before the cgroups are removed
	if empty, err := cgroup.AwaitEmpty(root, time.Now()); empty || err != nil {
		t.Errorf("a cgroup with a process is called empty: %v, %v", empty, err)
	}
	if err := idle.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	if empty, err := cgroup.AwaitEmpty(root, time.Now().Add(limit)); !empty || err != nil {
		t.Errorf("it isn't noticed that the process has ended: %v, %v", empty, err)
	}
}

// TestMakeRoom moves a process out of the way, into a cgroup below.
func TestMakeRoom(t *testing.T) {
	nodetest.Require(t)
	all, err := cgroup.Hierarchies()
	if err != nil {
		t.Fatal(err)
	}
	at := slices.IndexFunc(all, cgroup.Hierarchy.IsVersion2)
	if at < 0 {
		t.Skip("there are no cgroups of version 2")
	}
	parent := filepath.Join(all[at].Parent(), prefix+strconv.Itoa(os.Getpid()))
	if err := os.Mkdir(parent, 0o755); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := cgroup.RemoveTree(parent); err != nil {
			t.Error(err)
		}
	}()
	idle := startIdle(t)
	defer end(idle)
	process := strconv.Itoa(idle.Process.Pid)
	if err := cgroup.MoveTo(parent, process); err != nil {
		t.Fatal(err)
	}
	for range 2 { // the second time there is nobody left to move
		if err := cgroup.MakeRoom(parent); err != nil {
			t.Fatal(err)
		}
		for folder, want := range map[string][]string{parent: {}, filepath.Join(parent, "processes"): {process}} {
			if got, err := cgroup.ReadWords(folder, "cgroup.procs"); err != nil || !slices.Equal(got, want) {
				t.Errorf("%s holds %v (%v), not %v", folder, got, err, want)
			}
		}
	}
}

// TestMount mounts the hierarchies in namespaces of a thread that ends with it:
// there are as many as before, and what the thread is in is their root.
func TestMount(t *testing.T) {
	nodetest.Require(t)
	before, err := cgroup.Hierarchies()
	if err != nil {
		t.Fatal(err)
	}
	var after []cgroup.Hierarchy
	done := make(chan error)
	go func() {
		runtime.LockOSThread() // and never unlocked: its namespaces are its own
		done <- func() error {
			if err := unix.Unshare(unix.CLONE_NEWNS | unix.CLONE_NEWCGROUP); err != nil {
				return fmt.Errorf("leaving the namespaces: %w", err)
			}
			if err := unix.Mount("none", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
				return fmt.Errorf("keeping mounts apart: %w", err)
			}
			if err := unix.Unmount("/sys/fs/cgroup", unix.MNT_DETACH); err != nil {
				return fmt.Errorf("removing the old mounts: %w", err)
			}
			if err := cgroup.Mount(before); err != nil {
				return err
			}
			var err error
			after, err = cgroup.Read("/proc/thread-self")
			return err
		}()
	}()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	for _, h := range before {
		at := slices.IndexFunc(after, h.Same)
		if at < 0 {
			t.Errorf("%+v isn't mounted", h)
		}
	}
	for _, h := range after {
		// In version 2 alone it has gone out of the way.
		if h.Current() != h.Parent() && filepath.Base(h.Current()) != "processes" ||
			filepath.Dir(h.Parent()) != "/sys/fs/cgroup" && h.Parent() != "/sys/fs/cgroup" {
			t.Errorf("it is in %s of %s", h.Current(), h.Parent())
		}
	}
}
