package enforcement

import (
	"context"
	"errors"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/yaml"

	"container-signing/e2e/internal/apiservertest"
)

const (
	refusing = `
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata: {name: refuse}
spec:
  matchConstraints:
    resourceRules: [{apiGroups: [""], apiVersions: [v1], operations: [CREATE], resources: [configmaps]}]
  validations: [{expression: object.metadata.name != "refused", message: MESSAGE}]
`
	bound = `
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata: {name: refuse}
spec: {policyName: refuse, validationActions: [ACTION]}
`
)

func parse(t *testing.T, texts ...string) (all []*unstructured.Unstructured) {
	t.Helper()
	for _, text := range texts {
		object := &unstructured.Unstructured{}
		if err := yaml.Unmarshal([]byte(text), &object.Object); err != nil {
			t.Fatal(err)
		}
		all = append(all, object)
	}
	return all
}

// TestReplaceOwn changes policies of a real API server to and fro. Each time what
// it admits has to be by the latest, at once.
func TestReplaceOwn(t *testing.T) {
	if testing.Short() {
		t.Skip("it needs an API server")
	}
	config := apiservertest.Start(t)
	config.WarningHandler = rest.NoWarnings{}
	client, err := dynamic.NewForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	c := &Cluster{prober: prober{config: config, client: client}, limit: time.Minute}
	object := parse(t, "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: refused, namespace: default}\n")[0]
	maps := client.Resource(schema.GroupVersionResource{Version: "v1", Resource: "configmaps"}).Namespace("default")
	policy := parse(t, refusing)[0]
	deny, warn := parse(t, bound)[0], parse(t, bound)[0]
	for binding, action := range map[*unstructured.Unstructured]string{deny: "Deny", warn: "Warn"} {
		err := unstructured.SetNestedStringSlice(binding.Object, []string{action}, "spec", "validationActions")
		if err != nil {
			t.Fatal(err)
		}
	}
	for i, step := range []struct {
		policies []*unstructured.Unstructured
		refuses  bool
	}{
		{[]*unstructured.Unstructured{policy, deny}, true}, {[]*unstructured.Unstructured{policy, warn}, false},
		{[]*unstructured.Unstructured{policy, deny}, true}, {[]*unstructured.Unstructured{deny}, false},
		{[]*unstructured.Unstructured{policy, deny}, true}, {[]*unstructured.Unstructured{policy}, false}, {nil, false},
		{[]*unstructured.Unstructured{policy, deny}, true},
	} {
		if err := c.Replace(t.Context(), step.policies); err != nil {
			t.Fatal(err)
		}
		_, err := maps.Create(t.Context(), object, metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
		if (err != nil) != step.refuses {
			t.Errorf("step %d: it says %v", i+1, err)
		}
	}
	checkRefused(t, c, policy)
}

// checkRefused replaces policies by one that the API server doesn't take, and
// gives up one that it can't be asked about.
func checkRefused(t *testing.T, c *Cluster, policy *unstructured.Unstructured) {
	t.Helper()
	broken := policy.DeepCopy()
	if err := unstructured.SetNestedField(broken.Object, "never", "spec", "failurePolicy"); err != nil {
		t.Fatal(err)
	}
	err := c.Replace(t.Context(), []*unstructured.Unstructured{broken})
	if said, refused := Refusal(err); !refused || said == "" {
		t.Errorf("a policy that isn't valid: %v", err)
	}
	over, cancel := context.WithCancelCause(t.Context())
	ended := errors.New("the end")
	cancel(ended)
	err = c.Replace(over, nil)
	if _, refused := Refusal(err); refused || err == nil {
		t.Errorf("after the end it says: %v", err)
	}
}
