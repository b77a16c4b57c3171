package main_test

import (
	"encoding/json"
	"encoding/xml"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"container-signing/e2e/internal/lock"
	"container-signing/e2e/internal/report"
)

// A savedReport is report.json, read as a program of the user's would.
type savedReport struct {
	Passed bool
	report.Report
}

func readReport(t *testing.T, folder string) savedReport {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(folder, "report.json"))
	if err != nil {
		t.Fatal(err)
	}
	var saved savedReport
	// Both fields: the embedded report has its own way to be written only.
	if err := json.Unmarshal(content, &saved.Report); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(content, &struct{ Passed *bool }{&saved.Passed}); err != nil {
		t.Fatal(err)
	}
	return saved
}

type savedSuites struct {
	Tests    int `xml:"tests,attr"`
	Failures int `xml:"failures,attr"`
	Errors   int `xml:"errors,attr"`
	Cases    []struct {
		Name    string    `xml:"name,attr"`
		Failure *struct{} `xml:"failure"`
	} `xml:"testsuite>testcase"`
}

func readJUnit(t *testing.T, folder string) savedSuites {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(folder, "junit.xml"))
	if err != nil {
		t.Fatal(err)
	}
	var suites savedSuites
	if err := xml.Unmarshal(content, &suites); err != nil {
		t.Fatal(err)
	}
	return suites
}

// TestWholeChain runs what `go run ./e2e` runs, by each policy.
func TestWholeChain(t *testing.T) {
	for name, args := range map[string][]string{
		"ImageValidatingPolicy": nil,
		"ClusterPolicy with COSE by EC": {
			"--policy", "clusterpolicy", "--signature-format", "cose", "--key-spec", "EC-256",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			folder := filepath.Join(shortTempDir(t), "made", "for", "it")
			s := newSession(t, append(args, "--report", folder)...).start()
			if status := s.wait(); status != 0 {
				t.Errorf("exit status %d, not 0", status)
			}
			if text := s.text("stderr"); text != "" {
				t.Errorf("standard error isn't empty: %s", text)
			}
			pass := regexp.MustCompile(`(?m)^PASS  (\d+) of (\d+) workloads as expected, in \d+\.\d s; ` +
				`not checked: whether all that is admitted runs$`)
			if !pass.MatchString(s.text("stdout")) {
				t.Error("there is no PASS")
			}
			saved := readReport(t, folder)
			if !saved.Passed || saved.Error != "" {
				t.Errorf("the report says passed: %v, error: %q", saved.Passed, saved.Error)
			}
			checkVerdicts(t, saved, s.text("stdout"))
			if all := len(saved.Verdicts); all-len(casesOf(saved)) < 60 {
				t.Errorf("of %d rows too few try to take the policies off", all)
			}
			checkImages(t, saved, s.production)
			checkSteps(t, saved)
			suites := readJUnit(t, folder)
			wanted := len(saved.Verdicts) + len(saved.Steps)
			if suites.Tests != wanted || suites.Failures+suites.Errors > 0 {
				t.Errorf("junit.xml has %d tests with %d failures and %d errors, not %d with none",
					suites.Tests, suites.Failures, suites.Errors, wanted)
			}
		})
	}
}

// ownPolicies fits the names of the project's policies, of which each workload
// to be refused names at least one.
var ownPolicies = regexp.MustCompile(`^(\|?\b(require-notation|require-pinned-images|refuse-image-volumes)\b)+$`)

// checkVerdicts checks that each workload file of the project has its verdict.
func checkVerdicts(t *testing.T, saved savedReport, table string) {
	t.Helper()
	files, err := filepath.Glob("../policies/workloads/*/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("there are no workloads: %v", err)
	}
	verdicts := map[string]report.Verdict{}
	for _, verdict := range saved.Verdicts {
		if strings.HasPrefix(verdict.Workload, "lock/") {
			checkLocked(t, verdict, table)
			continue
		}
		verdicts[verdict.Workload] = verdict
	}
	// Two more are judged when a tag has been moved, and a signature deleted.
	files = append(files, "../policies/workloads/deny/pod-by-tag-that-has-moved.yaml",
		"../policies/workloads/deny/pod-whose-signature-was-deleted.yaml")
	if len(files) != len(verdicts) {
		t.Errorf("%d verdicts for %d workloads", len(verdicts), len(files))
	}
	for _, file := range files {
		folder := filepath.Base(filepath.Dir(file))
		name := folder + "/" + strings.TrimSuffix(filepath.Base(file), ".yaml")
		expected := map[string]string{"admit": "admitted", "deny": "refused"}[folder]
		if name == "deny/pod-signature-without-envelope" && saved.Name == "clusterpolicy" {
			expected = "error" // by a fault of Kyverno's
		}
		verdict := verdicts[name]
		if !verdict.Passed || verdict.Expected != expected || verdict.Seen != expected || verdict.Seconds <= 0 {
			t.Errorf("%s: %+v", name, verdict)
		}
		if folder == "deny" && (!ownPolicies.MatchString(verdict.Policy) || verdict.Reason == "") {
			t.Errorf("%s: refused by policy %q because %q", name, verdict.Policy, verdict.Reason)
		}
		row := `(?m)^✓ ` + name + ` +` + expected + ` +` + expected + ` +\d+\.\d\d s  .`
		if !regexp.MustCompile(row).MatchString(table) {
			t.Errorf("%s isn't in the table", name)
		}
	}
}

// checkLocked checks a verdict on who has tried to take the policies off.
func checkLocked(t *testing.T, verdict report.Verdict, table string) {
	t.Helper()
	if !verdict.Passed || verdict.Seen != verdict.Expected || verdict.Seconds <= 0 {
		t.Errorf("%+v", verdict)
	}
	if verdict.Expected == report.Refused &&
		(verdict.Policy != lock.Policy || verdict.Reason == "" || verdict.Attack == nil) {
		t.Errorf("%+v", verdict)
	}
	if !strings.Contains(table, "\n✓ "+verdict.Workload+" ") {
		t.Errorf("%s isn't in the table", verdict.Workload)
	}
}

var digest = regexp.MustCompile(`^sha256:[0-9a-f]{64}$`)

func checkImages(t *testing.T, saved savedReport, production string) {
	t.Helper()
	images := map[string]report.Image{}
	for _, image := range saved.Images {
		images[image.Name] = image
		spelling := strings.HasPrefix(image.Name, "unsigned-by-") // such as by another name of the registry
		if !strings.HasPrefix(image.Reference, production+"/busybox") && !spelling {
			t.Errorf("image %s isn't in production: %s", image.Name, image.Reference)
		}
		if image.Name != "missing" && !digest.MatchString(image.Digest) {
			t.Errorf("image %s has digest %q", image.Name, image.Digest)
		}
	}
	signed := images["signed"]
	if !digest.MatchString(signed.SignatureDigest) {
		t.Errorf("the signature has digest %q", signed.SignatureDigest)
	}
	for _, other := range []string{"signed-by-digest", "copied-without-signature"} {
		if images[other].Digest != signed.Digest {
			t.Errorf("image %s has digest %s, not that of the signed one, %s",
				other, images[other].Digest, signed.Digest)
		}
	}
	for _, other := range []string{"unsigned", "signed-by-another-ca", "signed-single-platform"} {
		if images[other].Digest == signed.Digest {
			t.Errorf("image %s has the digest of the signed one", other)
		}
	}
}

func checkSteps(t *testing.T, saved savedReport) {
	t.Helper()
	if len(saved.Steps) < 10 {
		t.Errorf("there are %d steps only", len(saved.Steps))
	}
	for _, step := range saved.Steps {
		if step.Name == "" || step.Seconds <= 0 || step.Seconds > saved.Seconds || step.Started.IsZero() ||
			step.Error != "" {
			t.Errorf("step: %+v", step)
		}
	}
	for _, tool := range []string{"notation", "oras", "registry", "kubernetes", "kyverno", "etcd"} {
		if !strings.HasPrefix(saved.Versions[tool], "v") {
			t.Errorf("the version of %s is %q", tool, saved.Versions[tool])
		}
	}
}
