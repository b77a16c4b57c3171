package main_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// TestCrash kills the processes of a run, one in each run. The run has to end
// and to say which it was, how it ended, and what it had printed last.
func TestCrash(t *testing.T) {
	for _, victim := range []string{
		"registry-ci", "registry-production", "etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler",
		"kyverno",
	} {
		t.Run(victim, func(t *testing.T) {
			t.Parallel()
			report := shortTempDir(t)
			s := newSession(t, append(hangingSigner(t), "--report", report)...).start()
			s.awaitFile("container-signing-*/logs/" + victim + ".log")
			kill(t, s.child(victim))
			if status := s.wait(); status != 1 {
				t.Errorf("exit status %d, not 1", status)
			}
			words := victim + " ended: signal: killed; the end of its log:\n    "
			s.checkError(words)
			if saved := readReport(t, report); !strings.Contains(saved.Error, words) || saved.Passed {
				t.Errorf("the report says %q, passed: %v", saved.Error, saved.Passed)
			}
		})
	}
}

func kill(t *testing.T, pid int) {
	t.Helper()
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
}

// child returns the process ID of one of e2e's children by the name that e2e
// gives it.
func (s *session) child(name string) int {
	s.t.Helper()
	var seen []string
	for _, child := range s.children() {
		content, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", child))
		if err != nil {
			s.t.Fatal(err)
		}
		args := strings.Split(string(content), "\x00")
		if filepath.Base(args[0]) == name || strings.Contains(string(content), "/"+name+"/config.yaml") {
			return child
		}
		seen = append(seen, filepath.Base(args[0]))
	}
	s.t.Fatalf("looking for %s: e2e's children are %v", name, seen)
	return 0
}

// children returns the process IDs of e2e's children.
func (s *session) children() []int {
	s.t.Helper()
	return childrenOf(s.t, s.cmd.Process.Pid)
}

// childrenOf returns the process IDs of a process's children.
func childrenOf(t *testing.T, parent int) []int {
	t.Helper()
	files, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", parent))
	if err != nil {
		t.Fatal(err)
	}
	var children []int
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			continue // that thread has ended
		}
		for field := range strings.FieldsSeq(string(content)) {
			child, err := strconv.Atoi(field)
			if err != nil {
				t.Fatal(err)
			}
			children = append(children, child)
		}
	}
	return children
}
