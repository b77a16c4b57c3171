package docs_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestAttacks attacks a cluster as docs/attacks.md says: with the project's
// policies, and without any.
func TestAttacks(t *testing.T) {
	s := newStage(t)
	registry, _, _ := strings.Cut(s.images["signed"], "/")
	attack := strings.NewReplacer(
		"go run ./e2e", program, "~/.kube/config", "$KUBECONFIG", "registry.example.com/scratch", registry+"/scratch",
		"registry.example.com/app:1.0", s.images["signed"],
	).Replace(pages(t)["docs/attacks.md"].Commands(""))
	before := s.run("kubectl get namespaces,pods,deployments --all-namespaces -o name | sort")
	output := s.run(attack)
	for _, words := range []string{
		"\nPASS  ", "✓ deny/pod-unsigned ", "webhook ", "ValidatingAdmissionPolicy 'require-pinned-images'",
		"✓ deny/pod-by-tag-that-has-moved", "✓ admit/deployment ",
	} {
		if !strings.Contains(output, words) {
			t.Errorf("the attack on a guarded cluster doesn't say %q:\n%s", words, output)
		}
	}
	if after := s.run("kubectl get namespaces,pods,deployments --all-namespaces -o name | sort"); after != before {
		t.Errorf("something stays:\n%s\nwhere before there was\n%s", after, before)
	}
	if tags, err := s.try("oras repo tags --plain-http " + registry + "/scratch"); err == nil && tags != "" {
		t.Errorf("the repository keeps %s", tags)
	}

	s.run(regexp.MustCompile(`(?m)^  (rm \S+)`).FindStringSubmatch(s.said)[1])
	s.await("the policies to be deleted", func() bool {
		_, err := s.try("kubectl delete --ignore-not-found -f policies/imagevalidatingpolicy")
		return err == nil
	})
	unguarded := regexp.MustCompile(`✗ deny/pod-unsigned .*no lock stops it`)
	s.await("the policies to be gone", func() bool {
		output, err := s.try(attack)
		if strings.Contains(output, "\nPASS  ") || err == nil {
			t.Fatalf("a cluster without policies passes:\n%s", output)
		}
		return unguarded.MatchString(output) && !strings.Contains(output, "✓ deny/")
	})
}

// TestKnownFaults compares the faults on the page with those of the workloads.
func TestKnownFaults(t *testing.T) {
	var told []string
	for _, table := range pages(t)["docs/attacks.md"].Tables {
		if len(table.Rows[0]) > 1 && table.Rows[0][1] == "fault" {
			for _, row := range table.Rows[1:] {
				told = append(told, row[0])
			}
		}
	}
	files, err := filepath.Glob(filepath.Join(root, "policies/workloads/*/*.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var known []string
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(content), "container-signing/known-fault: ") {
			name := filepath.Base(filepath.Dir(file)) + "/" + filepath.Base(file)
			known = append(known, strings.TrimSuffix(name, ".yaml"))
		}
	}
	slices.Sort(told)
	slices.Sort(known)
	if !slices.Equal(told, known) {
		t.Errorf("docs/attacks.md tells of %q, and known are %q", told, known)
	}
}
