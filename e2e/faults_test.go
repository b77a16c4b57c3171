package main_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestFaultsFindPolicyThatFailsOpen brings a fault about with a policy that lets
// go on who can't be asked about: unsigned workloads get in, and the row fails.
func TestFaultsFindPolicyThatFailsOpen(t *testing.T) {
	t.Parallel()
	for _, kind := range policyKinds {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			dir := shortTempDir(t)
			policies, report := filepath.Join(dir, "policies"), filepath.Join(dir, "report")
			if err := os.CopyFS(policies, os.DirFS("../policies/"+kind)); err != nil {
				t.Fatal(err)
			}
			file := filepath.Join(policies, "require-notation.yaml")
			content, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			open := strings.Replace(string(content), "failurePolicy: Fail", "failurePolicy: Ignore", 1)
			if err := os.WriteFile(file, []byte(open), 0o600); err != nil {
				t.Fatal(err)
			}
			s := newSession(t, "faults", "--policies", policies, "--report", report, "--only", "kyverno-killed",
				"--accept", "everything that can't be judged (failurePolicy Ignore)")
			if status := s.start().wait(); status != 1 {
				t.Errorf("exit status %d, not 1", status)
			}
			saved := readReport(t, report)
			if saved.Passed || len(saved.Verdicts) != 1 {
				t.Fatalf("the report says passed: %v, with %d verdicts", saved.Passed, len(saved.Verdicts))
			}
			verdict := saved.Verdicts[0]
			for _, words := range []string{
				"-by-digest) was admitted ", "had no rule for new pods that fails closed",
			} {
				if verdict.Seen != "admitted" || !strings.Contains(verdict.Failure, words) {
					t.Errorf("%q isn't in %q (%s)", words, verdict.Failure, verdict.Seen)
				}
			}
		})
	}
}
