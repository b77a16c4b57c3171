package run

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"container-signing/e2e/internal/usage"
	"container-signing/internal/hint"
)

// TestChoice reads the project's own policies and workloads.
func TestChoice(t *testing.T) {
	for _, kind := range PolicyKinds() {
		report := filepath.Join(t.TempDir(), "made", "for", "it")
		plan, err := Choice{Policy: kind, Report: report}.Read()
		if err != nil {
			t.Fatal(err)
		}
		if plan.Name != kind || len(plan.Policies) == 0 || len(plan.Workloads) < 40 || plan.OwnPolicies ||
			plan.Report != report {
			t.Errorf("%s: %s with %d policies and %d workloads, own: %v",
				kind, plan.Name, len(plan.Policies), len(plan.Workloads), plan.OwnPolicies)
		}
		if left, err := os.ReadDir(report); err != nil || len(left) > 0 {
			t.Errorf("the folder for the report has %v (%v)", left, err)
		}
	}
	checkAccept(t)
	own := filepath.Join(t.TempDir(), "mine")
	if err := os.CopyFS(own, os.DirFS("../../../policies/clusterpolicy")); err != nil {
		t.Fatal(err)
	}
	plan, err := Choice{Policy: PolicyKinds()[0], Policies: own}.Read()
	if err != nil || plan.Name != "mine" || !plan.OwnPolicies {
		t.Errorf("policies of the user's own: %+v (%v)", plan.Name, err)
	}
}

// checkAccept refuses a policy with a hole that no workload finds, until that is
// accepted by the words that the error has for it.
func checkAccept(t *testing.T) {
	t.Helper()
	folder := t.TempDir()
	policy, err := os.ReadFile("../../../policies/imagevalidatingpolicy/require-notation.yaml")
	if err != nil {
		t.Fatal(err)
	}
	excusing := strings.Replace(string(policy), "  matchConstraints:\n",
		"  matchConstraints:\n    objectSelector: {matchExpressions: [{key: excused, operator: DoesNotExist}]}\n", 1)
	if err := os.WriteFile(filepath.Join(folder, "policy.yaml"), []byte(excusing), 0o600); err != nil {
		t.Fatal(err)
	}
	choice := Choice{Policy: PolicyKinds()[0], Policies: folder}
	const words = `objects other than {"matchExpressions":[{"key":"excused","operator":"DoesNotExist"}]}`
	_, err = choice.Read()
	if err == nil || !errors.As(err, new(usage.Error)) || !strings.Contains(err.Error(), "require-notation: "+words) ||
		!strings.Contains(hint.Text(err), "\nhint: if it is meant, accept each by --accept 'objects other than") {
		t.Errorf("a policy with a hole: %v", err)
	}
	choice.Accept = []string{words}
	if plan, err := choice.Read(); err != nil || len(plan.Exemptions) == 0 {
		t.Errorf("what is accepted: %v (%v)", plan.Exemptions, err)
	}
}

func TestChoiceHostile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	kind := PolicyKinds()[0]
	for name, c := range map[string]struct {
		choice Choice
		words  string
	}{
		"unknown policy": {
			Choice{Policy: "opa"},
			"unknown --policy \"opa\"\nhint: known are imagevalidatingpolicy, clusterpolicy",
		},
		"policy by a path": {Choice{Policy: "../workloads"}, `unknown --policy "../workloads"`},
		"missing policies": {
			Choice{Policy: kind, Policies: "nowhere"},
			"reading --policies: stat nowhere: no such file",
		},
		"file for workloads": {Choice{Policy: kind, Workloads: file}, "is a file\nhint: give its folder"},
		"report below a file": {
			Choice{Policy: kind, Report: filepath.Join(file, "report")},
			"hint: give a folder that can be written to",
		},
		"report in a file": {Choice{Policy: kind, Report: file}, "preparing --report"},
	} {
		_, err := c.choice.Read()
		if err == nil || !errors.As(err, new(usage.Error)) || !strings.Contains(hint.Text(err), c.words) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestReadSource keeps the repository and the tag that an image has.
func TestReadSource(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "Our-App")
	if err := os.MkdirAll(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string]string{
		"oci-layout": "{}", "index.json": `{"manifests":[{"annotations":{"org.opencontainers.image.ref.name":"v1"}}]}`,
	} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	const zeros = "sha256:0000000000000000000000000000000000000000000000000000000000000000"
	for image, want := range map[string][3]string{
		"":                                  {"busybox", "u-root", "/demonstration:u-root"},
		"busybox:1.37":                      {"library/busybox", "1.37", "docker.io/library/busybox:1.37"},
		"r.test:5000/team/app:2":            {"team/app", "2", "r.test:5000/team/app:2"},
		"r.test/app@" + zeros:               {"app", "latest", "r.test/app@" + zeros},
		folder:                              {"our-app", "v1", folder + ":v1"},
		folder + ":v2":                      {"our-app", "v2", folder + ":v2"},
		"[::1]:5000/app":                    {"app", "latest", "[::1]:5000/app:latest"},
		"127.0.0.1:5000/library/busybox:u1": {"library/busybox", "u1", "127.0.0.1:5000/library/busybox:u1"},
	} {
		source, err := ReadSource(image)
		if err != nil {
			t.Errorf("%s: %v", image, err)
			continue
		}
		if got := [3]string{source.Repository, source.Tag, source.In("/demonstration").String()}; got != want {
			t.Errorf("%s is %q, not %q", image, got, want)
		}
	}
	_, err := ReadSource("Busybox:latest:1")
	if !errors.As(err, new(usage.Error)) || !strings.Contains(err.Error(), `--image "Busybox:latest:1"`) {
		t.Errorf("an image that can't be: %v", err)
	}
}
