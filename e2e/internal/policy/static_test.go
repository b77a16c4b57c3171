package policy

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"

	"container-signing/e2e/internal/apiservertest"
)

// The objects of the lock, and others like them.
var lockObjects = []struct{ kind, object string }{
	{"namespaces", `{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "kyverno"}}`},
	{"namespaces", `{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "other"}}`},
	{"configmaps", configMapOf("kyverno", "notation-ca")},
	{"configmaps", configMapOf("kyverno", "kyverno")},
	{"configmaps", configMapOf("kyverno", "other")},
	{"configmaps", configMapOf("other", "notation-ca")},
	{"deployments.apps", deploymentOf("kyverno-admission-controller")},
	{"deployments.apps", deploymentOf("other")},
	{"validatingwebhookconfigurations.admissionregistration.k8s.io", `{"apiVersion": "admissionregistration.k8s.io/v1",
		"kind": "ValidatingWebhookConfiguration", "metadata": {"name": "kyverno-resource-validating-webhook-cfg"}}`},
	{"mutatingwebhookconfigurations.admissionregistration.k8s.io", `{"apiVersion": "admissionregistration.k8s.io/v1",
		"kind": "MutatingWebhookConfiguration", "metadata": {"name": "kyverno-resource-mutating-webhook-cfg"}}`},
	{"mutatingwebhookconfigurations.admissionregistration.k8s.io", `{"apiVersion": "admissionregistration.k8s.io/v1",
		"kind": "MutatingWebhookConfiguration", "metadata": {"name": "other"}}`},
}

func configMapOf(namespace, name string) string {
	return `{"apiVersion": "v1", "kind": "ConfigMap", "data": {"ca.crt": "CA"},
		"metadata": {"name": "` + name + `", "namespace": "` + namespace + `"}}`
}

func deploymentOf(name string) string {
	return strings.ReplaceAll(`{"apiVersion": "apps/v1", "kind": "Deployment",
		"metadata": {"name": "NAME", "namespace": "kyverno"},
		"spec": {"replicas": 1, "selector": {"matchLabels": {"app": "NAME"}},
		"template": {"metadata": {"labels": {"app": "NAME"}}, "spec": {"containers": [{"name": "a", "image": "a"}]}}}}`,
		"NAME", name)
}

// startLocked starts an API server as policies/apiserver/admission.yaml says,
// and creates the lock.
func startLocked(t *testing.T) *rest.Config {
	t.Helper()
	folder, err := filepath.Abs(filepath.Join(ownFolder, "apiserver"))
	if err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(filepath.Join(folder, "admission.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "admission.yaml")
	here := strings.ReplaceAll(string(content), "/etc/kubernetes/notation", folder)
	if err := os.WriteFile(file, []byte(here), 0o600); err != nil {
		t.Fatal(err)
	}
	config := apiservertest.Start(t,
		"--feature-gates=ManifestBasedAdmissionControlConfig=true", "--admission-control-config-file="+file)
	client, err := dynamic.NewForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	for _, one := range lockObjects {
		createIn(t, client, one.kind, one.object)
	}
	create(t, client, resourceOf("customresourcedefinitions.apiextensions.k8s.io"),
		strings.NewReplacer("Namespaced", "Cluster", "policies", "clusterpolicies", "Policy", "ClusterPolicy").
			Replace(definition))
	create(t, client, resourceOf("customresourcedefinitions.apiextensions.k8s.io"),
		strings.NewReplacer("policies", "policyexceptions", "Policy", "PolicyException").Replace(definition))
	for _, kind := range []string{"clusterpolicies.kyverno.io", "policyexceptions.kyverno.io"} {
		awaitServed(t, client.Resource(resourceOf(kind)))
	}
	for _, name := range []string{"require-notation", "other"} {
		create(t, client, resourceOf("clusterpolicies.kyverno.io"), `{"apiVersion": "kyverno.io/v1",
			"kind": "ClusterPolicy", "metadata": {"name": "`+name+`"}, "spec": {"background": false}}`)
	}
	pinned := strings.ReplaceAll(own, "own", "require-pinned-images")
	if err := Apply(t.Context(), config, load(t, pinned+"---\n"+own)); err != nil {
		t.Fatal(err)
	}
	return config
}

func resourceOf(name string) schema.GroupVersionResource {
	resource, group, _ := strings.Cut(name, ".")
	return schema.GroupVersionResource{Group: group, Version: "v1", Resource: resource}
}

func createIn(t *testing.T, client dynamic.Interface, resource, object string) {
	t.Helper()
	made := &unstructured.Unstructured{}
	err := made.UnmarshalJSON([]byte(object))
	if err != nil {
		t.Fatal(err)
	}
	var served dynamic.ResourceInterface = client.Resource(resourceOf(resource))
	if namespace := made.GetNamespace(); namespace != "" {
		served = client.Resource(resourceOf(resource)).Namespace(namespace)
	}
	if _, err := served.Create(t.Context(), made, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
}

// TestKeepTheLock tries as an administrator to take the lock off, and to do what
// has nothing to do with it.
func TestKeepTheLock(t *testing.T) {
	if testing.Short() {
		t.Skip("it needs an API server")
	}
	t.Parallel()
	config := startLocked(t)
	testNoExceptions(t, config)
	const (
		data       = `{"data": {"ca.crt": "another CA"}}`
		spec       = `{"spec": {"background": true}}`
		labels     = `{"metadata": {"labels": {"a": "b"}}}`
		webhooks   = `{"webhooks": []}`
		image      = `{"spec": {"template": {"spec": {"containers": [{"name": "a", "image": "b"}]}}}}`
		validating = "validatingwebhookconfigurations.admissionregistration.k8s.io"
		mutating   = "mutatingwebhookconfigurations.admissionregistration.k8s.io"
	)
	const policies = "validatingadmissionpolicies.admissionregistration.k8s.io"
	const kyverno = "system:serviceaccount:kyverno:kyverno-admission-controller"
	for _, c := range []struct {
		kind, name, patch, as string // deleted if there is no patch
		refused               bool
	}{
		{"configmaps", "kyverno/notation-ca", labels, "", false},
		{"configmaps", "kyverno/notation-ca", data, "", true},
		{"configmaps", "kyverno/notation-ca", data, kyverno, true},
		{"configmaps", "kyverno/notation-ca", `{"data": null}`, "", true},
		{"configmaps", "kyverno/notation-ca", "", "", true},
		{"configmaps", "kyverno/*", "", "", true},
		{"configmaps", "kyverno/kyverno", `{"data": {"resourceFilters": "[*/*,*,*]"}}`, "", true},
		{"configmaps", "kyverno/kyverno", "", "", true},
		{"configmaps", "other/notation-ca", data, "", false},
		{"configmaps", "other/notation-ca", "", "", false},
		{"deployments.apps", "kyverno/kyverno-admission-controller", labels, "", false},
		{"deployments.apps", "kyverno/kyverno-admission-controller", `{"spec": {"replicas": 3}}`, "", false},
		{"deployments.apps", "kyverno/kyverno-admission-controller", `{"spec": {"replicas": 0}}`, "", true},
		{"deployments.apps", "kyverno/kyverno-admission-controller", image, "", true},
		{"deployments.apps", "kyverno/kyverno-admission-controller", "", "", true},
		{"deployments.apps/scale", "kyverno/kyverno-admission-controller", `{"spec": {"replicas": 2}}`, "", false},
		{"deployments.apps/scale", "kyverno/kyverno-admission-controller", `{"spec": {"replicas": 0}}`, "", true},
		{"deployments.apps/scale", "kyverno/other", `{"spec": {"replicas": 0}}`, "", false},
		{"deployments.apps", "kyverno/other", image, "", false},
		{"deployments.apps", "kyverno/other", "", "", false},
		{"clusterpolicies.kyverno.io", "require-notation", labels, "", false},
		{"clusterpolicies.kyverno.io", "require-notation", spec, "", true},
		{"clusterpolicies.kyverno.io", "require-notation", spec, kyverno, true},
		{"clusterpolicies.kyverno.io", "require-notation", "", "", true},
		{"clusterpolicies.kyverno.io", "*", "", "", true},
		{"customresourcedefinitions.apiextensions.k8s.io", "clusterpolicies.kyverno.io", "", "", true},
		{policies, "require-pinned-images", labels, "", false},
		{policies, "require-pinned-images", `{"spec": {"failurePolicy": "Ignore"}}`, "", true},
		{policies, "require-pinned-images", "", "", true},
		{policies, "own", "", "", false},
		{validating, "kyverno-resource-validating-webhook-cfg", webhooks, kyverno, false},
		{validating, "kyverno-resource-validating-webhook-cfg", "", kyverno, true},
		{validating, "kyverno-resource-validating-webhook-cfg", labels, "", true},
		{validating, "kyverno-resource-validating-webhook-cfg", "", "", true},
		{mutating, "kyverno-resource-mutating-webhook-cfg", "", "", true},
		{mutating, "*", "", "", true},
		{policies, "keep-the-lock.static.k8s.io", "", "", true},
		{"namespaces", "kyverno", "", "", true},
		{"namespaces", "other", "", "", false},
	} {
		err := ask(t, config, c.kind, c.name, c.patch, c.as)
		words := "the lock on unsigned images can't be taken off by the API"
		if c.name == "keep-the-lock.static.k8s.io" {
			words = "not found"
		}
		if c.refused != (err != nil) || err != nil && !strings.Contains(err.Error(), words) {
			t.Errorf("%s %s %q as %q: %v", c.kind, c.name, c.patch, c.as, err)
		}
	}
}

// testNoExceptions tries to create an exception of Kyverno's, which would take
// the lock off for what it names.
func testNoExceptions(t *testing.T, config *rest.Config) {
	t.Helper()
	client, err := dynamic.NewForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	exception := &unstructured.Unstructured{}
	if err := exception.UnmarshalJSON([]byte(`{"apiVersion": "kyverno.io/v1", "kind": "PolicyException",
		"metadata": {"name": "all", "namespace": "default"}}`)); err != nil {
		t.Fatal(err)
	}
	exceptions := client.Resource(resourceOf("policyexceptions.kyverno.io")).Namespace("default")
	_, err = exceptions.Create(t.Context(), exception, metav1.CreateOptions{})
	if err == nil || !strings.Contains(err.Error(), "taken off by the API: policyexceptions all") {
		t.Errorf("an exception: %v", err)
	}
}

// ask patches or deletes an object as an administrator of a name, or deletes all
// of a kind if the object is "*".
func ask(t *testing.T, config *rest.Config, kind, name, patch, as string) error {
	t.Helper()
	if as != "" {
		config = rest.CopyConfig(config)
		config.Impersonate = rest.ImpersonationConfig{UserName: as, Groups: []string{"system:masters"}}
	}
	client, err := dynamic.NewForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	kind, subresource, _ := strings.Cut(kind, "/")
	var subresources []string
	if subresource != "" {
		subresources = []string{subresource}
	}
	var served dynamic.ResourceInterface = client.Resource(resourceOf(kind))
	if namespace, inside, ok := strings.Cut(name, "/"); ok {
		served, name = client.Resource(resourceOf(kind)).Namespace(namespace), inside
	}
	switch {
	case name == "*":
		return served.DeleteCollection(t.Context(), metav1.DeleteOptions{}, metav1.ListOptions{})
	case patch == "":
		return served.Delete(t.Context(), name, metav1.DeleteOptions{})
	}
	options := metav1.PatchOptions{}
	_, err = served.Patch(t.Context(), name, types.MergePatchType, []byte(patch), options, subresources...)
	return err
}
