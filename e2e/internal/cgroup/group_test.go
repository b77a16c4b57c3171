package cgroup

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"container-signing/internal/hint"
)

// version1 makes hierarchies of version 1 out of folders.
func version1(t *testing.T, controllers ...string) (all []Hierarchy) {
	t.Helper()
	for _, controller := range controllers {
		root := folderOf(t, map[string]string{"below/cpuset.cpus": "0-1\n", "below/cpuset.mems": "0\n"})
		all = append(all, Hierarchy{root, false, controller, filepath.Join(root, "below")})
	}
	return all
}

// TestMakeInVersion1 makes cgroups below this process's own, and gives those of
// cpuset the processors without which no process could enter.
func TestMakeInVersion1(t *testing.T) {
	all := version1(t, "cpu,cpuacct", "cpuset", "name=systemd")
	group, err := makeIn(all, "group", []string{"cpu", "cpuset"})
	if err != nil {
		t.Fatal(err)
	}
	for _, h := range all {
		if _, err := os.Stat(filepath.Join(h.current, "group")); err != nil {
			t.Error(err)
		}
	}
	for name, want := range map[string]string{"cpuset.cpus": "0-1\n", "cpuset.mems": "0\n"} {
		if got := contentOf(t, filepath.Join(group.folder(all[1]), name)); got != want {
			t.Errorf("%s is %q, not %q", name, got, want)
		}
		if _, err := os.Stat(filepath.Join(group.folder(all[0]), name)); err == nil {
			t.Errorf("%s is written in the hierarchy of cpu", name)
		}
	}
	if err := group.Enter(); err != nil {
		t.Fatal(err)
	}
	if err := group.Leave(); err != nil {
		t.Fatal(err)
	}
	for _, h := range all {
		for _, folder := range []string{h.current, group.folder(h)} {
			if got := contentOf(t, filepath.Join(folder, "cgroup.procs")); got != "0" {
				t.Errorf("%s got process %q, not this one", folder, got)
			}
		}
	}
}

// TestMakeInFails leaves nothing of a group that can't be whole: where somebody
// else's is in the way, which stays, where a controller is missing, and where
// there are no processors to be had.
func TestMakeInFails(t *testing.T) {
	taken := version1(t, "cpu", "memory")
	if err := os.MkdirAll(filepath.Join(taken[1].current, "group", "theirs"), 0o755); err != nil {
		t.Fatal(err)
	}
	bare := version1(t, "cpu", "cpuset")
	if err := os.Remove(filepath.Join(bare[1].current, "cpuset.mems")); err != nil {
		t.Fatal(err)
	}
	for name, one := range map[string]struct {
		all   []Hierarchy
		words string
		is    error
	}{
		"somebody else's": {taken, "making a cgroup: ", os.ErrExist},
		"no memory": {
			version1(t, "cpu", "pids"), "the cgroup controller memory isn't there for a new cgroup", nil,
		},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := makeIn(one.all, "group", []string{"cpu", "memory"})
			if err == nil || !strings.HasPrefix(err.Error(), one.words) || one.is != nil && !errors.Is(err, one.is) {
				t.Errorf("the error is %v", err)
			}
			for _, h := range one.all {
				entries, err := os.ReadDir(filepath.Join(h.current, "group"))
				if err == nil && len(entries) == 0 {
					t.Errorf("an empty group has stayed in the hierarchy of %s", h.options)
				}
			}
		})
	}
	if _, err := os.Stat(filepath.Join(taken[1].current, "group", "theirs")); err != nil {
		t.Errorf("somebody else's is gone: %v", err)
	}
	if _, err := makeIn(bare, "group", nil); !errors.Is(err, os.ErrNotExist) ||
		!strings.Contains(err.Error(), "preparing a cgroup: ") {
		t.Errorf("without processors: %v", err)
	}
	if _, err := os.Stat(filepath.Join(bare[0].current, "group")); err == nil {
		t.Error("without processors the group of cpu stays")
	}
}

// TestShareOut lets those below use what is missing, and touches nothing where
// nothing is.
func TestShareOut(t *testing.T) {
	const control = "cgroup.subtree_control"
	for name, one := range map[string]struct {
		files   map[string]string
		control string // afterwards
		leaf    bool
	}{
		"all is shared out": {
			map[string]string{"cgroup.controllers": "cpu pids io\n", control: "cpu pids\n", "cgroup.type": "domain\n"},
			"cpu pids\n", false,
		},
		"one is missing": {
			map[string]string{
				"cgroup.controllers": "cpu pids\n", control: "cpu\n", "cgroup.type": "domain\n", "cgroup.procs": "",
			},
			"+pids", true,
		},
		"one is missing at the very top": {
			map[string]string{"cgroup.controllers": "cpu pids\n", control: "cpu\n", "cgroup.procs": "1\n2\n"},
			"+pids", false,
		},
		"one isn't there at all": {
			map[string]string{"cgroup.controllers": "cpu\n", control: "cpu\n"},
			"cpu\n", false,
		},
	} {
		t.Run(name, func(t *testing.T) {
			parent := folderOf(t, one.files)
			if err := shareOut(parent, []string{"cpu", "pids"}); err != nil {
				t.Fatal(err)
			}
			if got := contentOf(t, filepath.Join(parent, control)); got != one.control {
				t.Errorf("it is told %q, not %q", got, one.control)
			}
			if _, err := os.Stat(filepath.Join(parent, "processes")); (err == nil) != one.leaf {
				t.Errorf("a cgroup for processes: %v", err)
			}
		})
	}
}

// TestShareOutAmongStrangers moves nobody who can't be seen, and says what would
// help.
func TestShareOutAmongStrangers(t *testing.T) {
	parent := folderOf(t, map[string]string{
		"cgroup.controllers": "cpu\n", "cgroup.subtree_control": "\n", "cgroup.type": "domain\n",
		"cgroup.procs": "0\n0\n",
	})
	err := shareOut(parent, []string{"cpu"})
	if err == nil || !strings.HasSuffix(err.Error(), parent+`" holds processes that can't be seen from here`) {
		t.Errorf("the error is %v", err)
	}
	want := []string{"give this container a cgroup and a process namespace of its own"}
	if advice := hint.Of(err); !slices.Equal(advice, want) {
		t.Errorf("the advice is %q", advice)
	}
	if got := contentOf(t, filepath.Join(parent, "cgroup.subtree_control")); got != "\n" {
		t.Errorf("it is told %q", got)
	}
}
