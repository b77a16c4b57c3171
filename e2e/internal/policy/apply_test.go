package policy

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"

	"container-signing/e2e/internal/apiservertest"
	"container-signing/e2e/internal/await"
	"container-signing/internal/hint"
)

const (
	own = `apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata: {name: own}
spec:
  matchConstraints:
    resourceRules: [{apiGroups: [""], apiVersions: [v1], operations: [CREATE], resources: [pods]}]
  validations: [{expression: "true"}]
`
	kyverno = `apiVersion: kyverno.io/v1
kind: Policy
metadata: {name: images, namespace: default}
spec: {failurePolicy: Fail}
`
	definition = `{"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
"metadata": {"name": "policies.kyverno.io"}, "spec": {"group": "kyverno.io", "scope": "Namespaced",
"names": {"kind": "Policy", "plural": "policies"}, "versions": [{"name": "v1", "served": true, "storage": true,
"subresources": {"status": {}},
"schema": {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": true}}}]}}`
)

var policiesOfKyverno = schema.GroupVersionResource{Group: "kyverno.io", Version: "v1", Resource: "policies"}

// TestCluster trusts and applies at a real API server.
func TestCluster(t *testing.T) {
	if testing.Short() {
		t.Skip("it needs an API server")
	}
	t.Parallel()
	config := apiservertest.Start(t)
	client, err := dynamic.NewForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	t.Run("trust", func(t *testing.T) { testTrust(t, config, client) })
	t.Run("own kinds", func(t *testing.T) { testOwnKinds(t, config, client) })
	t.Run("Kyverno's kinds", func(t *testing.T) { testKyverno(t, config, client) })
}

func create(t *testing.T, client dynamic.Interface, resource schema.GroupVersionResource, object string) {
	t.Helper()
	made := &unstructured.Unstructured{}
	if err := made.UnmarshalJSON([]byte(object)); err != nil {
		t.Fatal(err)
	}
	if _, err := client.Resource(resource).Create(t.Context(), made, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
}

// testTrust never replaces one CA by another.
func testTrust(t *testing.T, config *rest.Config, client dynamic.Interface) {
	err := Trust(t.Context(), config, []byte("CA"))
	if err == nil || !strings.Contains(err.Error(), `"kyverno" not found`) {
		t.Errorf("without the namespace: %v", err)
	}
	create(t, client, schema.GroupVersionResource{Version: "v1", Resource: "namespaces"},
		`{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "kyverno"}}`)
	for range 2 { // the second time it is there already
		if err := Trust(t.Context(), config, []byte("CA")); err != nil {
			t.Errorf("the first CA: %v", err)
		}
	}
	for _, another := range []string{"another CA", "CA\n", ""} {
		err := Trust(t.Context(), config, []byte(another))
		if err == nil || !strings.Contains(hint.Text(err), "with another CA\nhint: give that CA") {
			t.Errorf("%q: %v", another, err)
		}
	}
	maps := client.Resource(schema.GroupVersionResource{Version: "v1", Resource: "configmaps"})
	kept, err := maps.Namespace(TrustNamespace).Get(t.Context(), TrustName, metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if data, _, _ := unstructured.NestedString(kept.Object, "data", TrustKey); data != "CA" {
		t.Errorf("the cluster trusts %q", data)
	}
}

// testOwnKinds applies three times: in place of what somebody else has applied,
// and then of its own.
func testOwnKinds(t *testing.T, config *rest.Config, client dynamic.Interface) {
	kept := client.Resource(schema.GroupVersionResource{
		Group: "admissionregistration.k8s.io", Version: "v1", Resource: "validatingadmissionpolicies",
	})
	foreign := load(t, strings.Replace(own, `"true"`, `"1 == 1"`, 1)+
		"  matchConditions: [{name: never, expression: \"false\"}]\n")[0]
	foreign.SetAnnotations(map[string]string{"of": "somebody"})
	if _, err := kept.Apply(t.Context(), "own", foreign, metav1.ApplyOptions{FieldManager: "somebody"}); err != nil {
		t.Fatal(err)
	}
	for _, expression := range []string{"true", "false"} {
		policies := load(t, strings.Replace(own, `"true"`, `"`+expression+`"`, 1))
		if err := Apply(t.Context(), config, policies); err != nil {
			t.Fatal(err)
		}
		policy, err := kept.Get(t.Context(), "own", metav1.GetOptions{})
		if err != nil {
			t.Fatal(err)
		}
		validations, _, _ := unstructured.NestedSlice(policy.Object, "spec", "validations")
		if len(validations) != 1 || validations[0].(map[string]any)["expression"] != expression {
			t.Errorf("the API server has %v, not %s", validations, expression)
		}
		if _, stays, _ := unstructured.NestedSlice(policy.Object, "spec", "matchConditions"); stays ||
			len(policy.GetAnnotations()) > 0 {
			t.Errorf("what somebody else has added stays: %v", policy.Object)
		}
	}
	err := Apply(t.Context(), config, load(t, strings.Replace(own, `"true"`, `"1 +"`, 1)))
	if err == nil || !strings.HasPrefix(err.Error(), `applying ValidatingAdmissionPolicy "own": `) {
		t.Errorf("what the API server refuses: %v", err)
	}
	err = Apply(t.Context(), config, load(t, one))
	if err == nil || !strings.Contains(err.Error(), "no matches for kind") {
		t.Errorf("a kind that the cluster doesn't know: %v", err)
	}
}

func load(t *testing.T, content string) []*unstructured.Unstructured {
	t.Helper()
	policies, err := Load(write(t, map[string]string{"a.yaml": content}))
	if err != nil {
		t.Fatal(err)
	}
	return policies
}

// testKyverno plays the part of Kyverno, which says when a policy is ready.
func testKyverno(t *testing.T, config *rest.Config, client dynamic.Interface) {
	create(t, client, schema.GroupVersionResource{
		Group: "apiextensions.k8s.io", Version: "v1", Resource: "customresourcedefinitions",
	}, definition)
	policies := load(t, kyverno+"---\n"+strings.Replace(kyverno, "images", "others", 1))
	served := client.Resource(policiesOfKyverno).Namespace("default")
	awaitServed(t, served)

	// One that Kyverno doesn't call ready isn't, whatever happens to others.
	var said atomic.Bool
	var playing sync.WaitGroup
	playing.Go(func() {
		setReady(t, served, "others", "True")
		for range 10 {
			setReady(t, served, "images", "False")
		}
		said.Store(true)
		setReady(t, served, "images", "True")
	})
	if err := Apply(t.Context(), config, policies); err != nil || !said.Load() {
		t.Errorf("%v; when Apply returned, Kyverno had said that they are ready: %v", err, said.Load())
	}
	playing.Wait()

	given, cancel := context.WithCancelCause(t.Context())
	cancel(errors.New("given up"))
	err := awaitReady(given, config, policiesOfKyverno, policies[0])
	if err == nil || !strings.Contains(err.Error(), `waiting for Policy "images" to be ready`) {
		t.Errorf("when it is given up: %v", err)
	}
}

// awaitServed asks until the API server serves what was defined.
func awaitServed(t *testing.T, served dynamic.ResourceInterface) {
	t.Helper()
	if err := await.Answer(t.Context(), "the kind is served", func(ctx context.Context) error {
		_, err := served.List(ctx, metav1.ListOptions{})
		return err
	}); err != nil {
		t.Fatal(err)
	}
}

// setReady says whether a policy is ready, as soon as it is there.
func setReady(t *testing.T, served dynamic.ResourceInterface, name, ready string) {
	t.Helper()
	status := fmt.Sprintf(`{"status": {"conditions": [{"type": "Ready", "status": %q}]}}`, ready)
	if err := await.Answer(t.Context(), "there is "+name, func(ctx context.Context) error {
		_, err := served.Patch(ctx, name, types.MergePatchType, []byte(status), metav1.PatchOptions{}, "status")
		return err
	}); err != nil {
		t.Fatal(err)
	}
}
