package main_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"container-signing/e2e/internal/exemption"
	kyverno "container-signing/e2e/internal/policy"
)

// TestNotSeenEnforced has a policy that refuses what it must, and admits the
// dry runs by which it is to be seen enforced: the verdicts are as expected,
// but who can't see a policy enforced can't tell since when it is.
func TestNotSeenEnforced(t *testing.T) {
	t.Parallel()
	dir := shortTempDir(t)
	writeFile(t, filepath.Join(dir, "workloads/admit/signed.yaml"), admitSigned)
	writeFile(t, filepath.Join(dir, "workloads/deny/unsigned.yaml"), deny("unsigned", "unsigned"))
	policy, err := os.ReadFile("../policies/imagevalidatingpolicy/require-notation.yaml")
	if err != nil {
		t.Fatal(err)
	}
	const conditions = "\n  matchConditions:\n"
	const noDryRun = "    - name: no-dry-run\n      expression: '!request.?dryRun.orValue(false)'\n"
	admitsDryRuns := strings.Replace(string(policy), conditions, conditions+noDryRun, 1)
	if admitsDryRuns == string(policy) {
		t.Fatal("the policy has no conditions to add one to")
	}
	writeFile(t, filepath.Join(dir, "policies/require-notation.yaml"), admitsDryRuns)
	policies, err := kyverno.Load(filepath.Join(dir, "policies"))
	if err != nil {
		t.Fatal(err)
	}
	more := exemption.Unaccepted(exemption.In(policies), nil)
	if len(more) != 1 || !strings.Contains(more[0].Words, "no-dry-run") {
		t.Fatalf("the policy leaves out %v", more)
	}
	folder := filepath.Join(dir, "report")
	s := newSession(t, "--workloads", filepath.Join(dir, "workloads"), "--policies", filepath.Join(dir, "policies"),
		"--accept", more[0].Words, "--report", folder)
	if status := s.start().wait(); status != 1 {
		t.Errorf("exit status %d, not 1", status)
	}
	for _, words := range []string{
		"✓ admit/signed", "✓ deny/unsigned", "\nFAIL  2 of 2 workloads as expected",
		"the policies aren't enforced", "it admits it",
	} {
		if !strings.Contains(s.text("stdout"), words) {
			t.Errorf("standard output doesn't say %q", words)
		}
	}
	if readReport(t, folder).Passed {
		t.Error("the report says that it passed")
	}
}
