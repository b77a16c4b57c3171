package mutant

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"container-signing/e2e/internal/policy"
)

// kinds are the folders with the project's own policies.
var kinds = []string{"imagevalidatingpolicy", "clusterpolicy"}

var place = Place{Registry: "127.0.0.1:5001", Repository: "busybox", AnotherCA: "-----BEGIN CERTIFICATE-----\n"}

func load(t *testing.T, kind string) []*unstructured.Unstructured {
	t.Helper()
	policies, err := policy.Load("../../../policies/" + kind)
	if err != nil {
		t.Fatal(err)
	}
	return policies
}

func allOf(t *testing.T, kind string) []Mutant {
	t.Helper()
	mutants, err := All(load(t, kind), place)
	if err != nil {
		t.Fatal(err)
	}
	return mutants
}

// forPeople are the fields that decide nothing.
var forPeople = []string{"name", "reason", "background", "timeoutSeconds"}

// TestEachFieldIsHit makes sure that each field of each policy is changed by some
// mutant, so that a field that is new gets one too.
func TestEachFieldIsHit(t *testing.T) {
	for _, kind := range kinds {
		policies, mutants := load(t, kind), allOf(t, kind)
		for _, policy := range policies {
			for path, one := range fieldsOf("", policy.Object) {
				// Who is left out may be asked about: that is no hole.
				if strings.Contains(path, "namespaceSelector") || strings.Contains(path, ".exclude.") {
					continue
				}
				if one.value == "[]" { // none of Kyverno's own lists
					continue
				}
				// TestEachPartIsHit has the operations, and what narrows one rule narrows another too.
				const rules = "spec.matchConstraints.resourceRules."
				if strings.Contains(path, ".operations.") ||
					strings.HasPrefix(path, rules) && !strings.HasPrefix(path, rules+"0.") {
					continue
				}
				last := path[strings.LastIndex(path, ".")+1:]
				_, isMap := one.value.(map[string]any)
				_, isList := one.value.([]any)
				if !strings.HasPrefix(path, "spec.") || isMap || isList || slices.Contains(forPeople, last) {
					continue
				}
				hit := slices.ContainsFunc(mutants, func(m Mutant) bool {
					i := slices.IndexFunc(m.Policies, func(p *unstructured.Unstructured) bool {
						return p.GetKind() == policy.GetKind() && p.GetName() == policy.GetName()
					})
					return i >= 0 && !reflect.DeepEqual(look(m.Policies[i].Object, path), one.value)
				})
				if !hit {
					t.Errorf("%s/%s %s: no mutant changes %s", kind, policy.GetKind(), policy.GetName(), path)
				}
			}
		}
	}
}

// TestOneHoleEach compares the mutants with what they are made of.
func TestOneHoleEach(t *testing.T) {
	for _, kind := range kinds {
		policies := load(t, kind)
		names := map[string]bool{}
		for _, m := range allOf(t, kind) {
			if names[m.Name] {
				t.Errorf("%s: two mutants are called %q", kind, m.Name)
			}
			names[m.Name] = true
			if different := differing(policies, m.Policies); different == 0 {
				t.Errorf("%s: %q is no mutant", kind, m.Name)
			} else if different > 1 && !strings.HasSuffix(m.Name, "with its binding") {
				t.Errorf("%s: %q differs in %d policies", kind, m.Name, different)
			}
			if (m.Expected == ByRequests) != (m.Reason == "") {
				t.Errorf("%s: %q is expected to be noticed by %s, because %q", kind, m.Name, m.Expected, m.Reason)
			}
		}
		if !reflect.DeepEqual(policies, load(t, kind)) {
			t.Errorf("%s: the policies themselves have been changed", kind)
		}
	}
}

// differing counts the policies that aren't in both lists.
func differing(a, b []*unstructured.Unstructured) int {
	return len(slices.DeleteFunc(slices.Clone(a), func(one *unstructured.Unstructured) bool {
		return slices.ContainsFunc(b, func(other *unstructured.Unstructured) bool {
			return reflect.DeepEqual(one, other)
		})
	}))
}

// TestEachPartIsHit makes sure that each resource, operation and list of images
// is left out by a mutant of its own.
func TestEachPartIsHit(t *testing.T) {
	for _, kind := range kinds {
		mutants := allOf(t, kind)
		for _, policy := range load(t, kind) {
			for _, what := range partsOf(policy) {
				name := policy.GetName() + ": " + what
				if !slices.ContainsFunc(mutants, func(m Mutant) bool { return m.Name == name }) {
					t.Errorf("%s: there is no mutant %q", kind, name)
				}
			}
		}
	}
}

func partsOf(policy *unstructured.Unstructured) (parts []string) {
	if policy.GetKind() == "ValidatingAdmissionPolicyBinding" {
		return []string{}
	}
	lists := []string{"containers", "initContainers", "ephemeralContainers"}
	if policy.GetKind() != "ClusterPolicy" {
		lists = append(lists, "volumes")
		for _, resource := range []string{
			"pods", "pods/ephemeralcontainers", "replicationcontrollers", "daemonsets", "deployments", "replicasets",
			"statefulsets", "cronjobs", "jobs",
		} {
			parts = append(parts, "CREATE of "+resource+" left out", "UPDATE of "+resource+" left out")
		}
	}
	for _, list := range lists {
		parts = append(parts, "new "+list+" not asked about")
	}
	for _, namespace := range namespaces {
		parts = append(parts, "namespace "+namespace+" left out")
	}
	return parts
}

// TestExceptions wants each exception to be one of a mutant that there is.
func TestExceptions(t *testing.T) {
	var mutants []Mutant
	for _, kind := range kinds {
		mutants = append(mutants, allOf(t, kind)...)
	}
	for i, one := range exceptions {
		if !slices.ContainsFunc(mutants, func(m Mutant) bool { return one.fits(m.Policies, m.Name) }) {
			t.Errorf("exception %d is of no mutant: %s", i+1, one.name)
		}
	}
}

// TestChangedPolicy finds that a mutant can't be made any more.
func TestChangedPolicy(t *testing.T) {
	policies := load(t, kinds[0])
	if err := put("spec.validations.0.expression", "true")(policies[0].Object); err != nil {
		t.Fatal(err)
	}
	_, err := All(policies, place)
	const said = `making the mutant "one signed image is enough" of ImageValidatingPolicy "require-notation": ` +
		`field spec.validations.0.expression: "== 0" is there 0 times, not once`
	if err == nil || err.Error() != said {
		t.Errorf("the error is %v, not %s", err, said)
	}
}
