package main_test

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// newHunt prepares `e2e mutants`.
func newHunt(t *testing.T, args ...string) *session {
	t.Helper()
	awaitTurn(t)
	ci, production := freeAddress(t), freeAddress(t)
	at := []string{"mutants", "--ci-registry", ci, "--production-registry", production}
	s := newCommand(t, append(at, args...)...)
	s.ci, s.production, s.listens = ci, production, []string{ci, production}
	return s
}

// TestMutants tries a few mutants of each kind of policies, one that each way to
// notice it finds.
func TestMutants(t *testing.T) {
	for kind, only := range map[string]string{
		"imagevalidatingpolicy": "^require-notation: " +
			"(CREATE of jobs left out|objects with a label left out|required off)$",
		"clusterpolicy": "^require-notation: (not derived for Job|what has a label not asked about|required off)$",
	} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			report := shortTempDir(t)
			s := newHunt(t, "--policy", kind, "--only", only, "--exceptions", "--report", report).start()
			if status := s.wait(); status != 0 {
				t.Errorf("exit status %d, not 0", status)
			}
			if !strings.Contains(s.text("stdout"), "\nPASS  3 of 3 mutants as expected") {
				t.Error("standard output doesn't say that all is as expected")
			}
			for _, verdict := range readReport(t, report).Verdicts {
				wanted := map[string]string{"requests": "deny/job-", "reading": "only by reading: "}[verdict.Expected]
				if verdict.Expected != "the same" && verdict.Seen != verdict.Expected ||
					!strings.Contains(verdict.Reason, wanted) {
					t.Errorf("%s: expected %s, seen %s: %s",
						verdict.Workload, verdict.Expected, verdict.Seen, verdict.Reason)
				}
			}
		})
	}
}

// TestMutantsSurvive has one workload only, which doesn't notice most mutants.
func TestMutantsSurvive(t *testing.T) {
	t.Parallel()
	dir := shortTempDir(t)
	manifest, err := os.ReadFile("../policies/workloads/deny/pod-unsigned.yaml")
	if err != nil {
		t.Fatal(err)
	}
	writeFile(t, filepath.Join(dir, "workloads/deny/pod-unsigned.yaml"), string(manifest))
	s := newHunt(t, "--workloads", filepath.Join(dir, "workloads"),
		"--only", "^require-notation: CREATE of (pods|jobs) left out$").start()
	if status := s.wait(); status != 1 {
		t.Errorf("exit status %d, not 1", status)
	}
	for _, words := range []string{
		"\nFAIL  1 of 2 mutants as expected", "✓ mutant/require-notation: CREATE of pods left out",
		"✗ mutant/require-notation: CREATE of jobs left out", "no workload comes out otherwise",
	} {
		if !strings.Contains(s.text("stdout"), words) {
			t.Errorf("standard output doesn't say %q", words)
		}
	}
}

// TestMutantsInterrupted leaves nothing.
func TestMutantsInterrupted(t *testing.T) {
	t.Parallel()
	s := newHunt(t).start()
	s.awaitLine("prepare what is updated")
	s.signal(syscall.SIGTERM)
	checkInterrupted(s, syscall.SIGTERM)
}
