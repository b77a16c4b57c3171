package judge

import (
	"context"
	"errors"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// TestScreen judges the same workloads under policies that change.
func TestScreen(t *testing.T) {
	t.Parallel()
	c := newQuickCluster(t)
	open := ""
	c.server.OnWrite(func(object *unstructured.Unstructured) error {
		if object.GetName() == open {
			return nil
		}
		return c.admit(object)
	}, func(object *unstructured.Unstructured) {
		if object.GetKind() == "Namespace" {
			c.act(object)
		}
	})
	workloads := load(t, map[string]trialCase{
		"admit/signed":  {manifest: pod("signed", "signed")},
		"admit/update":  {manifest: pod("update", "signed") + "---\n" + pod("update", "signed-too")},
		"deny/unsigned": {manifest: denied(pod("unsigned", "unsigned"), "unsigned")},
		"deny/update": {
			manifest: pod("changed", "signed") + "---\n" + denied(pod("changed", "unsigned"), "unsigned"),
		},
	})
	options := Options{Config: c.server.Config(), Images: testImages, Parallel: 1}
	screen, err := NewScreen(t.Context(), options, workloads)
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ open, first string }{
		{"", ""}, {"unsigned", "deny/unsigned"}, {"changed", "deny/update"}, {"signed", "admit/signed"}, {"", ""},
	} {
		open = test.open
		likely := func(name string) int { return strings.Count(name, "update") }
		found, err := screen.First(t.Context(), likely)
		if err != nil {
			t.Fatal(err)
		}
		if found == nil && test.first != "" || found != nil && found.Workload != test.first {
			t.Errorf("with a hole for %q the first is %+v, not %q", test.open, found, test.first)
		}
	}
	c.server.Deny("pods", errors.New("out of order"))
	if found, err := screen.First(t.Context(), func(string) int { return 0 }); found != nil || err != nil {
		t.Errorf("of what can't be asked the first is %+v (%v)", found, err)
	}
	ended, end := context.WithCancel(t.Context())
	end()
	if found, err := screen.First(ended, func(string) int { return 0 }); found != nil || err == nil {
		t.Errorf("after the end the first is %+v (%v)", found, err)
	}
}

// TestScreenOfAdmitted wants what comes before to be admitted.
func TestScreenOfAdmitted(t *testing.T) {
	t.Parallel()
	c := newQuickCluster(t)
	workloads := load(t, map[string]trialCase{
		"deny/update": {
			manifest: pod("changed", "unsigned") + "---\n" + denied(pod("changed", "unsigned"), "unsigned"),
		},
	})
	_, err := NewScreen(t.Context(), Options{Config: c.server.Config(), Images: testImages}, workloads)
	if err == nil || !strings.Contains(err.Error(), "applying document 1 of deny/update: ") {
		t.Errorf("it says: %v", err)
	}
}
