package cgroup

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// deadProcess returns the ID of a process that has ended.
func deadProcess(t *testing.T) int {
	t.Helper()
	cmd := exec.Command("true")
	if err := cmd.Run(); err != nil {
		t.Fatal(err)
	}
	return cmd.Process.Pid
}

// TestSweepOf sweeps folders that look like a hierarchy after several runs:
// what is left of one that was killed goes, and nothing else does.
func TestSweepOf(t *testing.T) {
	dead, self := strconv.Itoa(deadProcess(t)), strconv.Itoa(os.Getpid())
	const prefix = "group-"
	for name, one := range map[string]struct {
		folder string
		procs  string // of a cgroup below; "-" for none, as of one that goes meanwhile
		stays  bool
		err    string
	}{
		"abandoned":                   {prefix + dead, "-", false, ""},
		"its owner lives":             {prefix + self, "-", true, ""},
		"its owner is init":           {prefix + "1", "-", true, ""},
		"another's name":              {"other-" + dead, "-", true, ""},
		"no process":                  {prefix + "abc", "-", true, ""},
		"nobody":                      {prefix, "-", true, ""},
		"a process group":             {prefix + "-" + dead, "-", true, ""},
		"everybody":                   {prefix + "0", "-", true, ""},
		"a process that lives on":     {prefix + dead, self + "\n", true, ""},
		"a process that isn't seen":   {prefix + dead, "0\n", true, ""},
		"a process that is no number": {prefix + dead, "x\n", true, "reading of a cgroup: "},
	} {
		t.Run(name, func(t *testing.T) {
			root := t.TempDir()
			folder := filepath.Join(root, one.folder)
			if err := os.MkdirAll(filepath.Join(folder, "kubepods", "pod"), 0o755); err != nil {
				t.Fatal(err)
			}
			if one.procs != "-" {
				file := filepath.Join(folder, "kubepods", "cgroup.procs")
				if err := os.WriteFile(file, []byte(one.procs), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			err := sweep([]Hierarchy{{root, false, "cpu", root}}, prefix, time.Now())
			if (err != nil) != (one.err != "") || err != nil && !strings.HasPrefix(err.Error(), one.err) {
				t.Errorf("the error is %v, not %q", err, one.err)
			}
			if _, err := os.Stat(folder); (err == nil) != one.stays {
				t.Errorf("%s: %v", one.folder, err)
			}
		})
	}
}

// TestSweepAll goes on after what it can't remove.
func TestSweepAll(t *testing.T) {
	first, second := t.TempDir(), t.TempDir()
	name := "group-" + strconv.Itoa(deadProcess(t))
	for path, content := range map[string]string{first: "not of a cgroup", second: ""} {
		folder := filepath.Join(path, name)
		if err := os.Mkdir(folder, 0o755); err != nil {
			t.Fatal(err)
		}
		if content != "" {
			if err := os.WriteFile(filepath.Join(folder, "file"), []byte(content), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	err := sweep([]Hierarchy{{first, false, "cpu", first}, {second, false, "pids", second}}, "group-", time.Now())
	if err == nil || !strings.HasPrefix(err.Error(), `removing cgroup "`+filepath.Join(first, name)+`": `) {
		t.Errorf("the error is %v", err)
	}
	if _, err := os.Stat(filepath.Join(second, name)); err == nil {
		t.Error("the second hierarchy isn't swept")
	}
}
