package docs_test

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestPolicies follows docs/policies.md in a cluster with Kyverno and without a
// policy.
func TestPolicies(t *testing.T) {
	s := newStage(t)
	checkNames(t, s)
	checkTranscript(t, s)
	s.run(`kubectl get configmap notation-ca --namespace kyverno -o jsonpath='{.data.ca\.crt}' >ca.crt
kubectl delete configmap notation-ca --namespace kyverno
kubectl delete -f policies/imagevalidatingpolicy`)
	create := "kubectl create --dry-run=server -o jsonpath='{.spec.containers[0].image}' -f -"
	pod := func(image string) string {
		return "kubectl run app --dry-run=client -o yaml --image=" + image + " | " + create
	}
	// Without the policy both are admitted as they are named.
	s.await("the policy to be gone", func() bool {
		_, err := s.try(pod(s.images["unsigned"]))
		return err == nil
	})
	if image := s.run(pod(s.images["signed"])); image != s.images["signed"] {
		t.Errorf("without a policy the image %s is admitted as %s", s.images["signed"], image)
	}

	s.run(pages(t)["docs/policies.md"].Commands("In a cluster of your own"))
	var output string
	s.await("the policy to be enforced", func() bool {
		var err error
		output, err = s.try(pod(s.images["unsigned"]))
		return err != nil
	})
	if !strings.Contains(output, "no Notation signature by a trusted certificate on "+s.images["unsigned"]) {
		t.Errorf("the unsigned image is refused for another reason:\n%s", output)
	}
	if image := s.run(pod(s.images["signed"])); !strings.HasPrefix(image, s.images["signed"]+"@sha256:") {
		t.Errorf("the signed image is admitted as %s, not pinned", image)
	}

	// What the page says about an audit.
	s.run(`kubectl patch imagevalidatingpolicy require-notation --type merge \
	-p '{"spec": {"validationActions": ["Audit"]}}'
kubectl patch validatingadmissionpolicybinding require-pinned-images --type merge \
	-p '{"spec": {"validationActions": ["Audit", "Warn"]}}'`)
	for _, image := range []string{s.images["unsigned"], s.images["missing"]} {
		s.await("the policies to audit "+image, func() bool {
			_, err := s.try(pod(image))
			return err == nil
		})
	}

	commands := s.elsewhere(pages(t)["docs/policies.md"].Commands("The workloads that prove it"))
	if output := s.run(commands); !strings.Contains(output, "\nPASS  ") {
		t.Errorf("the run didn't pass:\n%s", output)
	}
}

// checkNames compares the names of images on the pages with those of a run.
func checkNames(t *testing.T, s *stage) {
	t.Helper()
	var named []string
	tables := slices.Concat(pages(t)["docs/policies.md"].Tables, pages(t)["docs/attacks.md"].Tables)
	for _, table := range tables {
		if table.Rows[0][0] == "image" {
			for _, row := range table.Rows[1:] {
				named = append(named, strings.Split(row[0], ", ")...)
			}
		}
	}
	slices.Sort(named)
	if there := slices.Sorted(maps.Keys(s.images)); !slices.Equal(named, there) {
		t.Errorf("the pages name the images\n%q, and a run has\n%q", named, there)
	}
}

// checkTranscript compares the README's transcript, less its times, with what a
// run prints: its steps, and the rows of what must be refused. Those of what
// must be admitted need a node.
func checkTranscript(t *testing.T, s *stage) {
	t.Helper()
	row := regexp.MustCompile(`^(?:\s*(✓ deny/\S+)\s+(\w+\s+\w+))?\s+\d+\.\d+ s  (.*)$`)
	lines := func(text string) (found []string) {
		for line := range strings.Lines(text) {
			if parts := row.FindStringSubmatch(strings.TrimSuffix(line, "\n")); parts != nil {
				found = append(found, strings.Join(parts[1:], " "))
			}
		}
		return found
	}
	shown, printed := lines(pages(t)["README.md"].Blocks[0].Text), lines(s.said)
	if len(shown) < 5 {
		t.Errorf("found only the lines %q in README.md's transcript", shown)
	}
	for _, line := range shown {
		if !slices.Contains(printed, line) {
			t.Errorf("README.md shows %q, which a run doesn't print", line)
		}
	}
}

// await asks the API server until what it answers shows that it has heard of a
// change: nothing tells when it has.
func (s *stage) await(what string, happened func() bool) {
	s.t.Helper()
	for limit := time.Now().Add(time.Minute); !happened(); {
		if time.Now().After(limit) {
			s.t.Fatalf("waited too long for %s", what)
		}
	}
}
