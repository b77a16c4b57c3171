package lock

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/discovery/cached/memory"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/restmapper"

	"container-signing/e2e/internal/apiservertest"
	"container-signing/e2e/internal/await"
	"container-signing/e2e/internal/cluster"
	"container-signing/e2e/internal/policy"
)

// cleanupName is the configuration of another controller of Kyverno's.
const cleanupName = "kyverno-cleanup-validating-webhook-cfg"

const ownFolder = "../../../policies"

// objects are what belongs to the lock beside the policies, and others like
// them.
var objects = []string{
	definitionOf("policies.kyverno.io", "ImageValidatingPolicy", "Cluster", "v1"),
	definitionOf("kyverno.io", "ClusterPolicy", "Cluster", "v1"),
	definitionOf("policies.kyverno.io", "PolicyException", "Namespaced", "v1"),
	definitionOf("kyverno.io", "PolicyException", "Namespaced", "v2", "v2beta1"),
	`{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "kyverno"}}`,
	`{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "other"}}`,
	configMapOf("kyverno", "notation-ca"), configMapOf("kyverno", "kyverno"), configMapOf("kyverno", "other"),
	configMapOf("other", "notation-ca"),
	deploymentOf("kyverno-admission-controller"), deploymentOf("other"),
	`{"apiVersion": "v1", "kind": "ServiceAccount",
		"metadata": {"name": "kyverno-admission-controller", "namespace": "kyverno"}}`,
	`{"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "other", "namespace": "kyverno"}}`,
	rightsOf("ClusterRole", kyvernoRole, `"aggregationRule": {"clusterRoleSelectors": [{"matchLabels": {"a": "c"}}]}`),
	rightsOf("ClusterRole", kyvernoRole+":core", someRules), rightsOf("ClusterRole", "other", someRules),
	rightsOf("ClusterRoleBinding", kyvernoRole, bound), rightsOf("ClusterRoleBinding", "other", bound),
	rightsOf("Role", kyvernoRole, someRules), rightsOf("Role", "other", someRules),
	rightsOf("RoleBinding", kyvernoRole, bound), rightsOf("RoleBinding", "other", bound),
	webhooksOf("ValidatingWebhookConfiguration", cleanupName, service),
	webhooksOf("ValidatingWebhookConfiguration", validatingName, `{"url": "https://127.0.0.1:1"}`),
	webhooksOf("MutatingWebhookConfiguration", mutatingName, service),
	webhooksOf("MutatingWebhookConfiguration", "other", service),
	`{"apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingAdmissionPolicy",
		"metadata": {"name": "other"}, "spec": {"validations": [{"expression": "true"}], "matchConstraints":
		{"resourceRules": [{"apiGroups": ["x"], "apiVersions": ["v1"], "operations": ["*"], "resources": ["x"]}]}}}`,
}

// definitionOf defines a kind of Kyverno's, with any fields.
func definitionOf(group, kind, scope string, versions ...string) string {
	plural := kindOf(kind, group, "").resource.Resource
	var served []string
	for i, version := range versions {
		served = append(served, fmt.Sprintf(`{"name": %q, "served": true, "storage": %t,
			"subresources": {"status": {}}, "schema": {"openAPIV3Schema": {"type": "object",
			"x-kubernetes-preserve-unknown-fields": true}}}`, version, i == 0))
	}
	return fmt.Sprintf(`{"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
		"metadata": {"name": "%[1]s.%[2]s"}, "spec": {"group": %[2]q, "scope": %[3]q,
		"names": {"kind": %[4]q, "plural": %[1]q}, "versions": [%[5]s]}}`,
		plural, group, scope, kind, strings.Join(served, ", "))
}

func configMapOf(namespace, name string) string {
	return `{"apiVersion": "v1", "kind": "ConfigMap", "data": {"ca.crt": "CA"},
		"metadata": {"name": "` + name + `", "namespace": "` + namespace + `"}}`
}

func deploymentOf(name string) string {
	return `{"apiVersion": "apps/v1", "kind": "Deployment",
		"metadata": {"name": "` + name + `", "namespace": "kyverno"},
		"spec": {"replicas": 1, "paused": true, "selector": {"matchLabels": {"app": "a"}},
		"template": {"metadata": {"labels": {"app": "a"}}, "spec": {"containers": [{"name": "a", "image": "a"}]}}}}`
}

// Fields of what says who may do what.
const (
	someRules = `"rules": [{"apiGroups": ["x"], "resources": ["x"], "verbs": ["get"]}]`
	bound     = `"roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "x"},
		"subjects": [{"kind": "ServiceAccount", "name": "x", "namespace": "kyverno"}]`
)

func rightsOf(kind, name, fields string) string {
	return fmt.Sprintf(`{"apiVersion": "rbac.authorization.k8s.io/v1", "kind": %q,
		"metadata": {"name": %q, "namespace": %q, "labels": {"a": "b"}}, %s}`,
		kind, name, map[bool]string{false: "kyverno"}[strings.HasPrefix(kind, "Cluster")], fields)
}

// service is where Kyverno is in a cluster.
const service = `{"service": {"namespace": "kyverno", "name": "kyverno-svc"}}`

// webhooksOf is a configuration with one webhook, which nothing asks.
func webhooksOf(kind, name, client string) string {
	return `{"apiVersion": "admissionregistration.k8s.io/v1", "kind": "` + kind + `",
		"metadata": {"name": "` + name + `"},
		"webhooks": [{"name": "ivpol.kyverno.svc-fail-finegrained-require-notation", "clientConfig": ` + client + `,
		"sideEffects": "None", "admissionReviewVersions": ["v1"],
		"rules": [{"apiGroups": ["x"], "apiVersions": ["v1"], "operations": ["*"], "resources": ["x"]}]}]}`
}

// A server is a real API server with all that the lock is about, and nobody who
// answers for Kyverno.
type server struct {
	*rest.Config
	policies []*unstructured.Unstructured
}

// start starts an API server with more arguments. With the same ones as a
// cluster of ours it is locked.
func start(t *testing.T, args ...string) server {
	t.Helper()
	s := server{Config: apiservertest.Start(t, args...)}
	for _, object := range objects {
		s.create(t, object)
	}
	for _, folder := range []string{"imagevalidatingpolicy", "clusterpolicy"} {
		policies, err := policy.Load(filepath.Join(ownFolder, folder))
		if err != nil {
			t.Fatal(err)
		}
		for _, one := range policies {
			if folder == "clusterpolicy" && one.GetName() == "require-pinned-images" {
				continue // it is there already
			}
			content, err := one.MarshalJSON()
			if err != nil {
				t.Fatal(err)
			}
			s.create(t, string(content))
			s.policies = append(s.policies, one)
			if one.GetKind() == "ClusterPolicy" {
				s.ready(t, one.GetName())
			}
		}
	}
	return s
}

// ready says of a ClusterPolicy that it is ready, as Kyverno does.
func (s server) ready(t *testing.T, name string) {
	t.Helper()
	client, err := dynamic.NewForConfig(s.Config)
	if err != nil {
		t.Fatal(err)
	}
	_, err = client.Resource(kindOf("ClusterPolicy", "kyverno.io", "v1").resource).Patch(t.Context(), name,
		types.MergePatchType, []byte(`{"status": {"conditions": [{"type": "Ready", "status": "True"}]}}`),
		metav1.PatchOptions{}, "status")
	if err != nil {
		t.Fatal(err)
	}
}

// locked starts an API server as policies/apiserver/admission.yaml says, with
// more policies beside the one that is there.
func locked(t *testing.T, more ...string) server {
	t.Helper()
	folder := filepath.Join(t.TempDir(), "lock")
	args, err := cluster.InstallLock(filepath.Join(ownFolder, "apiserver"), folder)
	if err != nil {
		t.Fatal(err)
	}
	for i, one := range more {
		path := filepath.Join(folder, "manifests", "more-"+string(rune('a'+i))+".yaml")
		if err := os.WriteFile(path, []byte(one), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return start(t, args...)
}

// create creates an object as soon as its kind is served.
func (s server) create(t *testing.T, object string) {
	t.Helper()
	made := &unstructured.Unstructured{}
	if err := made.UnmarshalJSON([]byte(object)); err != nil {
		t.Fatal(err)
	}
	quiet := rest.CopyConfig(s.Config)
	quiet.WarningHandler = rest.NoWarnings{}
	client, err := dynamic.NewForConfig(quiet)
	if err != nil {
		t.Fatal(err)
	}
	found, err := discovery.NewDiscoveryClientForConfig(s.Config)
	if err != nil {
		t.Fatal(err)
	}
	mapper := restmapper.NewDeferredDiscoveryRESTMapper(memory.NewMemCacheClient(found))
	kind := made.GroupVersionKind()
	var mapping *meta.RESTMapping
	if err := await.Answer(t.Context(), kind.Kind+" is served", func(context.Context) error {
		mapper.Reset()
		mapping, err = mapper.RESTMapping(kind.GroupKind(), kind.Version)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	var served dynamic.ResourceInterface = client.Resource(mapping.Resource)
	if made.GetNamespace() != "" {
		served = client.Resource(mapping.Resource).Namespace(made.GetNamespace())
	}
	if _, err := served.Create(t.Context(), made, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
}
