package lock

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"container-signing/e2e/internal/report"
)

// ownKind is the one of policies that the API server applies by itself.
var ownKind = kindOf("ValidatingAdmissionPolicy", admission, "v1")

// others are requests that have nothing to do with the lock.
var others = []Attempt{
	other("a ConfigMap beside the CA", request{kind: configMap, namespace: "kyverno", name: "other", body: anotherCA}),
	other("a ConfigMap of that name elsewhere",
		request{kind: configMap, namespace: "other", name: "notation-ca", body: anotherCA}),
	other("its deletion", request{kind: configMap, namespace: "other", name: "notation-ca"}),
	other("the deletion of all", request{kind: configMap, namespace: "other"}),
	other("another Deployment's image", request{kind: deployment, namespace: "kyverno", name: "other",
		body: `[{"op": "replace", "path": "/spec/template/spec/containers/0/image", "value": "b"}]`}),
	other("another Deployment's end", request{kind: deployment, namespace: "kyverno", name: "other"}),
	other("another Deployment's scale", request{kind: deployment, namespace: "kyverno", name: "other",
		subresource: "scale", body: `{"spec": {"replicas": 0}}`}),
	other("another number of Kyverno's replicas", controller(`{"spec": {"replicas": 3}}`)),
	other("a label of Kyverno's Deployment", controller(`{"metadata": {"labels": {"a": "b"}}}`)),
	other("another webhook's configuration", request{kind: mutatingWebhook, name: "other", body: noWebhooks}),
	other("its deletion", request{kind: mutatingWebhook, name: "other"}),
	other("a webhook of Kyverno's that guards no images",
		request{kind: validatingWebhook, name: cleanupName, body: noWebhooks}),
	other("another ClusterRole", role("other", noRules)), other("another Role's end", request{
		kind: ofRBAC("Role"), namespace: "kyverno", name: "other",
	}),
	other("another binding", request{kind: ofRBAC("ClusterRoleBinding"), name: "other", body: noSubjects}),
	other("an annotation of Kyverno's ClusterRole", role(kyvernoRole, `{"metadata": {"annotations": {"a": "b"}}}`)),
	other("what Kubernetes puts together", by(as(aggregator), role(kyvernoRole,
		`{"rules": [{"apiGroups": ["y"], "resources": ["y"], "verbs": ["get"]}]}`))),
	other("another ServiceAccount", request{
		kind: kindOf("ServiceAccount", "", "v1"), namespace: "kyverno", name: "other",
	}),
	other("a ClusterPolicy that is ready", request{kind: kindOf("ClusterPolicy", "kyverno.io", "v1"),
		name: "require-notation", subresource: "status", body: `{"status": {"conditions": [{"type": "Ready",
			"status": "True", "reason": "Succeeded", "message": "", "lastTransitionTime": "2026-01-01T00:00:00Z"}]}}`}),
	other("another policy", request{kind: ownKind, name: "other", body: fails}),
	other("its deletion", request{kind: ownKind, name: "other"}),
	other("another namespace", request{kind: namespace, name: "other"}),
	other("an API of somebody else's", request{kind: apiService, body: `{"apiVersion": "apiregistration.k8s.io/v1",
		"kind": "APIService", "metadata": {"name": "v1beta1.metrics.k8s.io"}, "spec": {"group": "metrics.k8s.io",
		"version": "v1beta1", "groupPriorityMinimum": 100, "versionPriority": 100, "insecureSkipTLSVerify": true,
		"service": {"namespace": "kube-system", "name": "metrics-server"}}}`}),
	other("a label of an API", served("v1.apps", `{"metadata": {"labels": {"a": "b"}}}`)),
}

func other(name string, r request) Attempt {
	return Attempt{Name: name, GoesOn: "it has nothing to do with the lock", request: r}
}

// TestKeepTheLock makes all attempts, and goes on with all else.
func TestKeepTheLock(t *testing.T) {
	if testing.Short() {
		t.Skip("it needs an API server")
	}
	t.Parallel()
	s := locked(t)
	attempts := slices.Concat(Attempts(s.policies), others)
	const words = "the lock on unsigned images can't be taken off by the API: "
	names := map[string]bool{}
	for i, verdict := range try(t, Cluster{Config: s.Config, Policy: Policy}, attempts) {
		if !verdict.Passed {
			t.Errorf("%s: %s: %s", verdict.Workload, verdict.Failure, verdict.Reason)
		}
		if verdict.Expected == report.Refused &&
			(verdict.Lock != "ValidatingAdmissionPolicy '"+Policy+"'" || verdict.Attack == nil ||
				!strings.HasPrefix(verdict.Matched, words+attempts[i].request.kind.resource.Resource)) {
			t.Errorf("%+v", verdict)
		}
		if names[verdict.Workload] && attempts[i].Attack != nil {
			t.Errorf("there are two %s", verdict.Workload)
		}
		names[verdict.Workload] = true
	}
	hidden := request{kind: ownKind, name: Policy}
	if err := hidden.send(t.Context(), s.Config); err == nil || !strings.Contains(err.Error(), "not found") {
		t.Errorf("the lock itself: %v", err)
	}
}

// TestWithoutLock makes all attempts where nobody refuses them: each has to be
// seen to succeed, though it changes nothing.
func TestWithoutLock(t *testing.T) {
	if testing.Short() {
		t.Skip("it needs an API server")
	}
	t.Parallel()
	s := start(t)
	attempts := Attempts(s.policies)
	for range 2 { // the second time finds all that was there
		for i, verdict := range try(t, Cluster{Config: s.Config, Policy: Policy}, attempts) {
			if verdict.Seen != report.Admitted || verdict.Passed != (attempts[i].GoesOn != "") {
				t.Errorf("%s: %s", verdict.Workload, verdict.Reason)
			}
		}
	}
	checkRights(t, s)
}

// checkRights makes the attempts as somebody who may do nothing: it doesn't
// matter who refuses.
func checkRights(t *testing.T, s server) {
	t.Helper()
	nobody := onTrust[0]
	nobody.request.as.UserName = "nobody"
	for _, policy := range []string{"", Policy} {
		verdict := try(t, Cluster{Config: s.Config, Policy: policy}, []Attempt{nobody})[0]
		if verdict.Passed != (policy == "") || verdict.Seen != report.Refused {
			t.Errorf("somebody without rights, by %q: %+v", policy, verdict)
		}
		if verdict.Lock != "RBAC" {
			t.Errorf("somebody without rights is refused by %q", verdict.Lock)
		}
	}
}

func try(t *testing.T, c Cluster, attempts []Attempt) []report.Verdict {
	t.Helper()
	verdicts, err := Try(t.Context(), c, attempts)
	if err != nil {
		t.Fatal(fmt.Errorf("trying: %w", err))
	}
	return verdicts
}
