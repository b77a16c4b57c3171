package exemption

import (
	"slices"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"container-signing/e2e/internal/mutant"
	"container-signing/e2e/internal/policy"
)

// kinds are the folders with the project's own policies.
var kinds = []string{"imagevalidatingpolicy", "clusterpolicy"}

func load(t *testing.T, kind string) []*unstructured.Unstructured {
	t.Helper()
	policies, err := policy.Load("../../../policies/" + kind)
	if err != nil {
		t.Fatal(err)
	}
	return policies
}

// TestOwn accepts what the project's own policies leave out, and nothing that
// none of them does.
func TestOwn(t *testing.T) {
	var all []string
	for _, kind := range kinds {
		found := In(load(t, kind))
		if more := Unaccepted(found, nil); len(more) > 0 {
			t.Errorf("%s leaves out more: %v", kind, more)
		}
		for _, one := range found {
			all = append(all, one.Words)
		}
	}
	for _, words := range own {
		if !slices.Contains(all, words) {
			t.Errorf("accepted is what no policy leaves out any more: %s", words)
		}
	}
}

const (
	forPeople = "it is said to people"
	stricter  = "it leaves less out"
	byDefault = "the default is the same"
	broken    = "an expression needs it: Kyverno or the API server doesn't take the policy, or judges by an error"
)

// equivalent are the changes that leave nothing out, with the reason: any of a
// field, or those that take it away.
var equivalent = map[string]string{
	"timeoutSeconds": "a shorter one refuses sooner", "background": "it judges what is there already",
	"message": forPeople, "messageExpression": forPeople, "reason": forPeople,
	"name": "nothing refers to that of a rule",

	"without namespaceSelector": stricter, "without matchExpressions": stricter, "without exclude": stricter,
	"without exclude.any": stricter, "without matchConditions": stricter, "without preconditions": stricter,
	"without failurePolicy": byDefault, "without webhookConfiguration": byDefault, "without required": byDefault,
	"without verifyDigest": byDefault, "without mutateDigest": byDefault,
	"without variables": broken, "without context": broken,
}

// isEquivalent tells whether nobody has to notice a mutant.
func isEquivalent(mutant string) bool {
	what, path, _ := strings.Cut(strings.Replace(mutant, "with nothing in", "without", 1), " ")
	parts := slices.DeleteFunc(strings.Split(path, "."), func(part string) bool { return part >= "0" && part <= "9" })
	last := parts[len(parts)-1]
	if last == "values" { // of the namespaces that are left out
		return what == "without"
	}
	both := strings.Join(parts[max(0, len(parts)-2):], ".")
	return equivalent[last] != "" || equivalent[what+" "+last] != "" || equivalent[what+" "+both] != ""
}

// TestMutants changes each field of each policy, takes it away and adds one
// beside it. Each of these has to be noticed.
func TestMutants(t *testing.T) {
	tried := 0
	for _, kind := range kinds {
		policies := load(t, kind)
		for i, original := range policies {
			spec, _, err := unstructured.NestedMap(original.Object, "spec")
			if err != nil {
				t.Fatal(err)
			}
			for at, changedSpec := range mutant.Fields(spec) {
				changed := original.DeepCopy()
				changed.Object["spec"] = changedSpec
				all := slices.Clone(policies)
				all[i] = changed
				tried++
				if len(Unaccepted(In(all), nil)) == 0 && !isEquivalent(at) {
					t.Errorf("%s/%s %s: nobody notices that it is %s", kind, original.GetKind(), original.GetName(), at)
				}
			}
		}
	}
	if tried < 300 {
		t.Errorf("only %d mutants were tried", tried)
	}
}

// TestNarrowed adds to each policy of the API server's kind what its API has for
// narrowing it, and that ours don't use.
func TestNarrowed(t *testing.T) {
	excused := map[string]any{"matchLabels": map[string]any{"excused": "yes"}}
	rule := map[string]any{"resources": []any{"pods"}}
	for _, kind := range kinds {
		policies := load(t, kind)
		for i, original := range policies {
			in := map[string]string{"ValidatingAdmissionPolicyBinding": "matchResources", "ClusterPolicy": ""}
			field, special := in[original.GetKind()]
			if !special {
				field = "matchConstraints"
			}
			if field == "" {
				continue
			}
			for name, value := range map[string]any{
				"objectSelector": excused, "excludeResourceRules": []any{rule}, "matchPolicy": "Exact",
				"later": "unknown",
			} {
				all := slices.Clone(policies)
				all[i] = original.DeepCopy()
				if err := unstructured.SetNestedField(all[i].Object, value, "spec", field, name); err != nil {
					t.Fatal(err)
				}
				if len(Unaccepted(In(all), nil)) == 0 {
					t.Errorf("%s/%s %s: nobody notices %s", kind, original.GetKind(), original.GetName(), name)
				}
			}
		}
	}
}

// TestInWords names holes as a person would.
func TestInWords(t *testing.T) {
	const rest = `
spec:
  validationActions: [Deny]
  policyName: all
`
	for words, document := range map[string]string{
		"namespaces other than {\"matchExpressions\":[{\"key\":\"trusted\",\"operator\":\"DoesNotExist\"}]}": `
kind: ValidatingAdmissionPolicyBinding
metadata: {name: b}` + rest + `
  matchResources: {namespaceSelector: {matchExpressions: [{key: trusted, operator: DoesNotExist}]}}`,
		"objects other than {\"matchLabels\":{\"app\":\"web\"}}": `
kind: ValidatingAdmissionPolicyBinding
metadata: {name: b}` + rest + `
  matchResources: {objectSelector: {matchLabels: {app: web}}}`,
		"everything: it doesn't deny (validationActions [\"Audit\"])": `
kind: ValidatingAdmissionPolicyBinding
metadata: {name: b}
spec: {validationActions: [Audit], policyName: all}`,
		"what a PolicyException does, which isn't read": `
kind: PolicyException
metadata: {name: e}
spec: {}`,
		"UPDATE of apps/deployments": `
kind: ImageValidatingPolicy
metadata: {name: p}
spec:
  matchConstraints:
    resourceRules: [{apiGroups: ["*"], apiVersions: ["*"], operations: [CREATE], resources: ["*", "*/*"]}]`,
		"what fits {\"subjects\":[{\"kind\":\"User\",\"name\":\"jane\"}]}": `
kind: ClusterPolicy
metadata: {name: p}
spec:
  rules:
  - exclude: {any: [{subjects: [{kind: User, name: jane}]}]}`,
		"what annotation pod-policies.kyverno.io/autogen-controllers: none leaves out": `
kind: ClusterPolicy
metadata: {name: p, annotations: {pod-policies.kyverno.io/autogen-controllers: none}}
spec: {}`,
		"everything that can't be judged (failurePolicy Ignore)": `
kind: ValidatingAdmissionPolicy
metadata: {name: p}
spec: {failurePolicy: Ignore}`,
		"everything: nothing binds it": `
kind: ValidatingAdmissionPolicy
metadata: {name: p}
spec: {}`,
		"everything: none of them verifies images": `
kind: ValidatingAdmissionPolicy
metadata: {name: p}
spec: {}`,
	} {
		var object unstructured.Unstructured
		if err := yaml.Unmarshal([]byte(document), &object.Object); err != nil {
			t.Fatal(err)
		}
		var all []string
		for _, one := range In([]*unstructured.Unstructured{&object}) {
			all = append(all, one.Words)
		}
		if !slices.Contains(all, words) {
			t.Errorf("not %q, but\n%s", words, strings.Join(all, "\n"))
		}
		if len(Unaccepted(In([]*unstructured.Unstructured{&object}), all)) > 0 {
			t.Errorf("what is accepted by its words isn't: %s", strings.Join(all, "\n"))
		}
	}
}
