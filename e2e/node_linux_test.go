package main_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"container-signing/e2e/internal/node/nodetest"
	"container-signing/e2e/internal/report"
	"container-signing/tools"
)

// TestNodeLeavesNothing ends a run with a node and its pods in every way.
// Nothing of the node can be seen while it is there either.
func TestNodeLeavesNothing(t *testing.T) {
	nodetest.Require(t)
	for name, end := range map[string]syscall.Signal{
		"interrupt": syscall.SIGINT, "terminate": syscall.SIGTERM, "kill": syscall.SIGKILL,
	} {
		t.Run(name, func(t *testing.T) {
			before, folder := hostTraces(t), shortTempDir(t)
			s := keep(t, "--node", "on", "--report", folder)
			checkNodeReport(t, folder)
			hostTraces(t).checkSame(t, before)
			front := s.descendant("node-front")
			s.signal(end)
			s.wait()
			hostTraces(t).checkSame(t, before)
			checkCgroupsGone(t, front)
		})
	}
}

// checkNodeReport checks that a report has what only a node can show.
func checkNodeReport(t *testing.T, folder string) {
	t.Helper()
	saved := readReport(t, folder)
	if !saved.Passed || saved.FirstRunningSeconds <= 0 {
		t.Errorf("passed: %v; the first admitted pod ran after %v s", saved.Passed, saved.FirstRunningSeconds)
	}
	refused := "containerd's image verifier"
	for name, policy := range map[string]string{
		"admit/signed": "", "restart/deployment": "",
		"bypass/pod-before-the-policy": refused, "bypass/static-pod": refused, "bypass/pod-in-kube-system": refused,
		"bypass/ctr-pull": refused, "bypass/cri-pull": refused, "bypass/cri-pull-signed": "",
		"doctor/lock-off": "", "doctor/lock-on": refused,
	} {
		i := slices.IndexFunc(saved.Verdicts, func(v report.Verdict) bool { return v.Workload == name })
		if i < 0 {
			t.Errorf("there is no verdict on %s", name)
		} else if verdict := saved.Verdicts[i]; verdict.Policy != policy ||
			(verdict.Seen == report.Refused) != (policy == refused) {
			t.Errorf("%s: %+v", name, verdict)
		}
	}
}

// TestNodeProcessesThatDie kills what makes a node: the run ends, says so, and
// leaves nothing.
func TestNodeProcessesThatDie(t *testing.T) {
	nodetest.Require(t)
	for _, victims := range [][]string{
		{"node-front"}, {"node-keeper"}, {"node-init"}, {"node-supervisor"}, {"containerd"}, {"kubelet"},
		{"node-front", "node-keeper"}, // those that remove what the others leave
	} {
		t.Run(strings.Join(victims, " and "), func(t *testing.T) {
			t.Parallel()
			before := hostTraces(t)
			s := newSession(t, append(hangingSigner(t), "--node", "on")...).start()
			s.awaitFile("container-signing-*/node/logs/kubelet.log")
			front := s.descendant("node-front")
			var ids []int
			for _, victim := range victims {
				ids = append(ids, s.descendant(victim))
			}
			for _, id := range ids {
				kill(t, id)
			}
			if status := s.wait(); status != 1 {
				t.Errorf("exit status %d, not 1", status)
			}
			s.checkError("node ended: ")
			hostTraces(t).checkSame(t, before)
			checkCgroupsGone(t, front)
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

// TestNodeWithoutItsTools runs where a node could run but for runc, which can't
// be built: for want of a compiler, and with one that fails only then.
func TestNodeWithoutItsTools(t *testing.T) {
	nodetest.Require(t)
	compiler, err := exec.LookPath("gcc")
	if err != nil {
		t.Skip(err)
	}
	fails := filepath.Join(shortTempDir(t), "cc")
	script := "#!/bin/sh\nfor last; do :; done\n[ \"$last\" = - ] && exec " + compiler +
		" \"$@\"\necho it is broken >&2\nexit 1\n"
	if err := os.WriteFile(fails, []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		compiler, says string
		status         int // with --node on
	}{
		"no compiler":     {"no-such-compiler", "no-such-compiler", 2},
		"broken compiler": {fails, "it is broken", 1},
	} {
		t.Run(name, func(t *testing.T) {
			cache := cacheWithout(t, "runc-")
			environment := []string{
				tools.FolderVariable + "=", "XDG_CACHE_HOME=" + cache, "GOCACHE=" + goEnv(t, "GOCACHE"),
				"CC=" + test.compiler,
			}
			auto := newSession(t, "--node", "auto")
			auto.env = environment
			auto.start()
			auto.awaitLine("no node: what admitted pods do is not checked (building runc")
			auto.signal(syscall.SIGTERM)
			auto.wait()
			if !strings.Contains(auto.text("stdout"), test.says) {
				t.Errorf("it doesn't say %q:\n%s", test.says, auto.text("stdout"))
			}
			on := newSession(t, "--node", "on")
			on.env = environment
			if status := on.start().wait(); status != test.status {
				t.Errorf("exit status %d, not %d", status, test.status)
			}
			if !strings.Contains(on.text("stderr"), test.says) {
				t.Errorf("it doesn't say %q:\n%s", test.says, on.text("stderr"))
			}
		})
	}
}

// cacheWithout makes a cache of built tools that lacks those of a module.
func cacheWithout(t *testing.T, prefix string) string {
	t.Helper()
	user, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	const built = "container-signing/tools"
	folders, err := filepath.Glob(filepath.Join(user, built, "*-*"))
	if err != nil {
		t.Fatal(err)
	}
	cache := shortTempDir(t)
	if err := os.MkdirAll(filepath.Join(cache, built), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, folder := range folders {
		name := filepath.Base(folder)
		if suffix, is := strings.CutPrefix(name, prefix); is && !strings.Contains(suffix, "-") {
			continue
		}
		if err := os.Symlink(folder, filepath.Join(cache, built, name)); err != nil {
			t.Fatal(err)
		}
	}
	return cache
}
