package workload

import (
	"maps"
	"strings"
	"testing"

	"container-signing/e2e/internal/report"
	"container-signing/internal/hint"
)

// annotated adds annotations to the first document of a text.
func annotated(t *testing.T, text string, lines ...string) string {
	t.Helper()
	if !strings.Contains(text, "  annotations:\n") {
		text = replace(t, text, "spec:\n", "")
		text = replace(t, text, "  containers:", "  annotations:\nspec:\n  containers:")
	}
	added := ""
	for _, line := range lines {
		added += "    container-signing/" + line + "\n"
	}
	return replace(t, text, "  annotations:\n", "  annotations:\n"+added)
}

// TestRequest reads how the API server is asked, and what an attacker tries.
func TestRequest(t *testing.T) {
	t.Parallel()
	changed := annotated(t, goodPod, "by: json-patch", "as: system:node:a")
	elsewhere := annotated(t, replace(t, refusedPod, "name: bad", "name: bad\n  namespace: lying"),
		"namespace-labels: a=b,c=d", "attack: does", "why: because", "known-from: there", "known-fault: of 1.0")
	workloads, err := Load(write(t, map[string]string{
		"admit/a.yaml": goodPod + "---\n" + changed, "deny/b.yaml": elsewhere,
	}))
	if err != nil {
		t.Fatal(err)
	}
	if got := workloads[0].Last().Request; got.By != JSONPatch || got.As != "system:node:a" || got.ChangesNothing() {
		t.Errorf("the change is asked for by %+v", got)
	}
	labels := map[string]string{"a": "b", "c": "d"}
	if got := workloads[1].Last().Request.NamespaceLabels; !maps.Equal(got, labels) {
		t.Errorf("the namespace is labelled %v", got)
	}
	attack := report.Attack{Does: "does", Why: "because", KnownFrom: "there"}
	if w := workloads[1]; w.Attack == nil || *w.Attack != attack || w.KnownFault != "of 1.0" {
		t.Errorf("the attack is %+v, the fault %q", w.Attack, w.KnownFault)
	}
	if workloads[0].Attack != nil {
		t.Errorf("what says nothing is the attack %+v", workloads[0].Attack)
	}
	for way, nothing := range map[string]bool{StatusPatch: true, ResizePatch: true, MergePatch: false, "": false} {
		if (Request{By: way}).ChangesNothing() != nothing {
			t.Errorf("%q has a say in images: %v", way, nothing)
		}
	}
}

func TestRequestRefuses(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		file string
		says []string
	}{
		"an unknown way": {
			goodPod + "---\n" + annotated(t, goodPod, "by: post"), []string{`unknown way "post"`, "merge-patch"},
		},
		"a way of no change": {
			annotated(t, goodPod, "by: replace"), []string{"changes nothing", "in the document before"},
		},
		"labels of no namespace": {
			annotated(t, goodPod, "namespace-labels: a=b"), []string{"names no namespace"},
		},
		"labels that are none": {
			annotated(t, replace(t, goodPod, "name: good", "name: good\n  namespace: a"), "namespace-labels: a"),
			[]string{"namespace-labels", "KEY=VALUE"},
		},
		"half an attack": {
			annotated(t, goodPod, "attack: does"), []string{"only some of the annotations", "where it is known from"},
		},
		"an attack that only prepares": {
			annotated(t, goodPod, "known-fault: of 1.0") + "---\n" + goodPod, []string{"isn't the last document"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Load(write(t, map[string]string{"admit/a.yaml": c.file}))
			if err == nil {
				t.Fatal("it is read")
			}
			for _, words := range c.says {
				if !strings.Contains(hint.Text(err), words) {
					t.Errorf("it doesn't say %q: %s", words, hint.Text(err))
				}
			}
		})
	}
}

// TestOwnAttacks wants to know of each workload that must be refused what it
// tries, and of at least so many.
func TestOwnAttacks(t *testing.T) {
	t.Parallel()
	workloads, err := Load("../../../policies/workloads")
	if err != nil {
		t.Fatal(err)
	}
	attacks, faults := 0, 0
	for _, w := range workloads {
		if w.Refusal != nil && w.Attack == nil {
			t.Errorf("%s doesn't say what it tries", w.Name)
		}
		if w.Attack != nil {
			attacks++
		}
		if w.KnownFault != "" {
			faults++
		}
	}
	if attacks < 120 || faults == 0 {
		t.Errorf("there are %d attacks, and %d of them succeed", attacks, faults)
	}
}

// TestIdle keeps each kind from starting anything, and leaves the workload as it
// is.
func TestIdle(t *testing.T) {
	t.Parallel()
	workloads, err := Load("../../../policies/workloads")
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, w := range workloads {
		before := w.Last().Object.DeepCopy()
		for _, document := range w.Idle().Documents {
			spec := document.Object.Object["spec"].(map[string]any)
			pod := document.Kind.PodSpec(document.Object)
			idle := spec["replicas"] == int64(0) || spec["suspend"] == true || spec["schedulingGates"] != nil ||
				pod["nodeSelector"] != nil || pod["nodeName"] != nil
			if !idle {
				t.Errorf("%s: document %d would start something", w.Name, document.Number)
			}
			seen[document.Kind.Kind] = true
		}
		if after := w.Last().Object; after.GetName() != before.GetName() || len(after.Object) != len(before.Object) {
			t.Errorf("%s has changed", w.Name)
		}
	}
	if len(seen) != len(kinds) {
		t.Errorf("not all kinds were tried: %v", seen)
	}
}
