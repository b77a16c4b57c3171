package lock

import (
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/kubernetes"
	"sigs.k8s.io/yaml"

	"container-signing/e2e/internal/policy"
)

const (
	ofWebhooks  = ` && variables.kind in ["validatingwebhookconfigurations", "mutatingwebhookconfigurations"]`
	ofService   = `!has(object.spec.service)`
	ofReadiness = `&& [oldObject, object].map(one, one.?status.?conditions.orValue([]).exists(c, ` +
		`c.type == "Ready" && c.status == "True") ) != [true, false]`
	ofAnnotation = `object.metadata.?annotations[?"pod-policies.kyverno.io/autogen-controllers"] ==`
)

// clauses are parts of the lock's expressions, and what stands for them in a lock
// that is broken.
var clauses = map[string]string{
	`object.?data == oldObject.?data`:                                      `true`,
	` && object.?binaryData == oldObject.?binaryData`:                      ``,
	` && object.?immutable == oldObject.?immutable`:                        ``,
	`object.spec.?replicas.orValue(0) > 0`:                                 `true`,
	`object.spec.template == oldObject.spec.template`:                      `true`,
	` && object.spec.?replicas.orValue(1) > 0`:                             ``,
	`object.spec == oldObject.spec`:                                        `true`,
	`!object.?status.?validatingadmissionpolicy.?generated.orValue(false)`: `true`,
	`has(object.spec) && `:                                                 `!has(object.spec) || `,
	ofService:                                                              `true`,
	ofReadiness:                                                            ``,
	`object.?rules == oldObject.?rules`:                                    `true`,
	`object.?subjects == oldObject.?subjects`:                              `true`,
	`object.metadata.?labels == oldObject.metadata.?labels`:                `true`,
	`object.?aggregationRule == oldObject.?aggregationRule`:                `true`,
	`has(oldObject.aggregationRule) && `:                                   ``,
	`request.userInfo.username == `:                                        `"" != `,
	ofWebhooks:                                                             ``,
	`is.failurePolicy == was.failurePolicy`:                                `true`,
	`is.?rules == was.?rules`:                                              `true`,
	`is.?matchPolicy == was.?matchPolicy`:                                  `true`,
	`is.?matchConditions == was.?matchConditions`:                          `true`,
	`is.?namespaceSelector == was.?namespaceSelector`:                      `true`,
	`is.?objectSelector == was.?objectSelector`:                            `true`,
	`is.clientConfig.?service == was.clientConfig.?service`:                `true`,
	`is.clientConfig.?url == was.clientConfig.?url`:                        `true`,
	ofAnnotation:                `true || optional.of("") ==`,
	`"policyexceptions" ? true`: `"policyexceptions" ? false`,
}

// literal finds the names in the expression of what is locked, but for those of
// kinds, and of what isn't.
var literal = regexp.MustCompile(
	`variables\.kind (?:==|in) (?:"[^"]*"|\[[^\]]*\])|!\(variables\.name in [^)]*\)|` +
		`request\.namespace == "kyverno"|"[^"]*"`)

// A mutant is the lock with one hole.
type mutant struct {
	name string
	*unstructured.Unstructured
}

// mutantsOf returns the lock without one of its rules, or one of a rule's
// operations or resources; without one of the names that it knows; and without
// one of the conditions of what it lets pass.
func mutantsOf(t *testing.T, lock *unstructured.Unstructured) []mutant {
	t.Helper()
	var all []mutant
	rules := list(t, lock, "spec", "matchConstraints", "resourceRules")
	withRules := func(name string, rules []any) {
		all = append(all, mutant{name, with(t, lock, rules, "spec", "matchConstraints", "resourceRules")})
	}
	for i, one := range rules {
		rule := one.(map[string]any)
		withRules(fmt.Sprintf("no rule for %s", rule["resources"]), slices.Delete(slices.Clone(rules), i, i+1))
		for _, field := range []string{"operations", "resources"} {
			values := rule[field].([]any)
			for j, value := range values {
				if len(values) == 1 {
					continue // that is the rule
				}
				less := slices.Clone(rules)
				changed := unstructured.Unstructured{Object: rule}
				less[i] = with(t, &changed, slices.Delete(slices.Clone(values), j, j+1), field).Object
				withRules(fmt.Sprintf("%s not in the rule for %s", value, rule["resources"]), less)
			}
		}
	}
	found := map[string]bool{}
	variables := list(t, lock, "spec", "variables")
	for i, one := range variables {
		variable := one.(map[string]any)
		expression := strings.Join(strings.Fields(variable["expression"].(string)), " ")
		withExpression := func(name, changed string) {
			less := slices.Clone(variables)
			less[i] = map[string]any{"name": variable["name"], "expression": changed}
			all = append(all, mutant{name, with(t, lock, less, "spec", "variables")})
		}
		for clause, instead := range clauses {
			if strings.Contains(expression, clause) {
				found[clause] = true
				withExpression("without "+clause, strings.Replace(expression, clause, instead, 1))
			}
		}
		if variable["name"] != "locked" {
			continue
		}
		for _, at := range literal.FindAllStringIndex(expression, -1) {
			if name := expression[at[0]:at[1]]; strings.HasPrefix(name, `"`) {
				withExpression("without the name "+name, expression[:at[0]]+`"none"`+expression[at[1]:])
			}
		}
	}
	for clause := range clauses {
		if !found[clause] {
			t.Errorf("the lock has no %s any more", clause)
		}
	}
	return all
}

func list(t *testing.T, object *unstructured.Unstructured, path ...string) []any {
	t.Helper()
	values, found, err := unstructured.NestedSlice(object.Object, path...)
	if !found || err != nil {
		t.Fatalf("the lock has no %s: %v", path, err)
	}
	return values
}

// with returns an object with another value.
func with(t *testing.T, object *unstructured.Unstructured, value []any, path ...string) *unstructured.Unstructured {
	t.Helper()
	changed := object.DeepCopy()
	if err := unstructured.SetNestedSlice(changed.Object, value, path...); err != nil {
		t.Fatal(err)
	}
	return changed
}

// watching returns the manifest of a mutant that only counts, in the API server's
// metrics, what it would refuse.
func watching(t *testing.T, mutant *unstructured.Unstructured, number int) string {
	t.Helper()
	mutant.SetName(fmt.Sprintf("mutant-%d.static.k8s.io", number))
	policy, err := yaml.Marshal(mutant.Object)
	if err != nil {
		t.Fatal(err)
	}
	return string(policy) + fmt.Sprintf(`---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata: {name: %[1]s}
spec: {policyName: %[1]s, validationActions: [Audit]}
---
`, mutant.GetName())
}

// unseen is a hole that nobody gets to: there is no exception to change, since
// nobody can create one.
const unseen = "UPDATE not in the rule for [policyexceptions]"

// TestHoles breaks the lock in each way that there is, and makes the attempts
// that must be refused: at least one of them has to get through each hole. All
// the broken locks stand beside the whole one, and see what it sees.
func TestHoles(t *testing.T) {
	if testing.Short() {
		t.Skip("it needs an API server")
	}
	t.Parallel()
	policies, err := policy.Load(filepath.Join(ownFolder, "apiserver/manifests"))
	if err != nil {
		t.Fatal(err)
	}
	mutants := mutantsOf(t, policies[0])
	var manifest strings.Builder
	for i, one := range mutants {
		manifest.WriteString(watching(t, one.Unstructured, i))
	}
	s := locked(t, manifest.String())
	before := refusals(t, s)
	refused := slices.DeleteFunc(Attempts(s.policies), func(a Attempt) bool { return a.GoesOn != "" })
	for _, verdict := range try(t, Cluster{Config: s.Config, Policy: Policy}, refused) {
		if !verdict.Passed {
			t.Errorf("%s: %s: %s", verdict.Workload, verdict.Failure, verdict.Reason)
		}
	}
	after := refusals(t, s)
	whole := after[Policy] - before[Policy]
	if whole < len(refused) || len(mutants) < 60 {
		t.Fatalf("%d refusals of %d attempts, and %d broken locks", whole, len(refused), len(mutants))
	}
	for i, one := range mutants {
		if one.name == unseen {
			continue
		}
		if seen := after[one.GetName()] - before[one.GetName()]; seen >= whole {
			t.Errorf("%d: nothing gets through the lock %s: it refuses %d of %d", i, one.name, seen, whole)
		}
	}
}

// counted is what the API server counts of a policy's refusals, noted or not.
var counted = regexp.MustCompile(
	`(?m)^apiserver_validating_admission_policy_check_total\{.*policy="([^"]+)".*\} (\d+)$`)

func refusals(t *testing.T, s server) map[string]int {
	t.Helper()
	client, err := kubernetes.NewForConfig(s.Config)
	if err != nil {
		t.Fatal(err)
	}
	metrics, err := client.RESTClient().Get().AbsPath("/metrics").DoRaw(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	counts := map[string]int{}
	for _, match := range counted.FindAllStringSubmatch(string(metrics), -1) {
		number, err := strconv.Atoi(match[2])
		if err != nil {
			t.Fatal(err)
		}
		counts[match[1]] += number
	}
	return counts
}
