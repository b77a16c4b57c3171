package main_test

import (
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
)

// keep starts a run of one workload that is kept, and waits until it says how
// to use it.
func keep(t *testing.T, args ...string) *session {
	t.Helper()
	workloads := shortTempDir(t)
	writeFile(t, filepath.Join(workloads, "admit/signed.yaml"), admitSigned)
	s := newSession(t, append(args, "--keep", "--workloads", workloads)...).start()
	s.awaitLine("Ctrl-C ends everything")
	return s
}

// TestKeepAndInterrupt uses what is kept by the commands that are printed, and
// ends it by Ctrl-C, which is how a run that is kept has to end.
func TestKeepAndInterrupt(t *testing.T) {
	t.Parallel()
	s := keep(t)
	_, use, _ := strings.Cut(s.text("stdout"), "Everything is left running.")
	image := regexp.MustCompile(s.production + `/(busybox@sha256:[0-9a-f]{64})`).FindStringSubmatch(use)
	if image == nil {
		t.Fatal("no command names the signed image")
	}
	var commands []string
	for line := range strings.Lines(use) {
		if command, ok := strings.CutPrefix(line, "  "); ok {
			commands = append(commands, strings.ReplaceAll(command, "REPOSITORY@DIGEST", image[1]))
		}
	}
	output, err := exec.Command("sh", "-ec", strings.Join(commands, "")).CombinedOutput()
	if err != nil {
		t.Errorf("%s\n%s\n%v", commands, output, err)
	}
	for _, words := range []string{"Pending", "Successfully verified signature for " + s.production + "/" + image[1],
		"Successfully signed " + s.ci + "/" + image[1]} {
		if !strings.Contains(string(output), words) {
			t.Errorf("the commands don't print %q:\n%s\n%s", words, commands, output)
		}
	}
	s.signal(syscall.SIGINT)
	if status := s.wait(); status != 0 {
		t.Errorf("exit status %d, not 0", status)
	}
	if text := s.text("stderr"); text != "" {
		t.Errorf("standard error isn't empty:\n%s", text)
	}
}

// TestKeepAndCrash kills a process of a run that is kept. Its report stays as
// it was.
func TestKeepAndCrash(t *testing.T) {
	t.Parallel()
	report := shortTempDir(t)
	s := keep(t, "--report", report)
	kill(t, s.child("kyverno"))
	if status := s.wait(); status != 1 {
		t.Errorf("exit status %d, not 1", status)
	}
	s.checkError("kyverno ended: signal: killed; the end of its log:\n    ")
	if saved := readReport(t, report); !saved.Passed || len(saved.Verdicts) == 0 {
		t.Errorf("the report says passed: %v, with %d verdicts", saved.Passed, len(saved.Verdicts))
	}
}
