package lock

import (
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// A change is one by which a policy refuses less.
type change struct{ name, does, body, subresource string }

// Parts of the changes.
const (
	// excluding leaves out one more namespace.
	excluding = `"namespaceSelector": {"matchExpressions": [{"key": "kubernetes.io/metadata.name",
		"operator": "NotIn", "values": ["kube-system", "kyverno", "default"]}]}`
	never = `{"spec": {"matchConditions": [{"name": "never", "expression": "false"}]}}`
	fails = `{"spec": {"failurePolicy": "Ignore"}}`
)

// changes are those that a kind's fields allow. A ClusterPolicy has one rule.
var changes = map[string][]change{
	"ImageValidatingPolicy": {
		{"ignores-failures", "lets in what Kyverno doesn't answer for", fails, ""},
		{"audits", "only notes what it would refuse", `{"spec": {"validationActions": ["Audit"]}}`, ""},
		{"narrowed", "looks at the images of one registry only",
			`{"spec": {"matchImageReferences": [{"glob": "registry.example/*"}]}}`, ""},
		{"excludes", "leaves out another namespace", `{"spec": {"matchConstraints": {` + excluding + `}}}`, ""},
		{"never-matches", "is given a condition that nothing meets", never, ""},
	},
	"ClusterPolicy": {
		{"ignores-failures", "lets in what Kyverno doesn't answer for",
			`{"spec": {"webhookConfiguration": {"failurePolicy": "Ignore"}}}`, ""},
		{"audits", "only notes what it would refuse",
			`[{"op": "replace", "path": "/spec/rules/0/verifyImages/0/failureAction", "value": "Audit"}]`, ""},
		{"narrowed", "looks at the images of one registry only",
			`[{"op": "replace", "path": "/spec/rules/0/verifyImages/0/imageReferences",
				"value": ["registry.example/*"]}]`, ""},
		{"excludes", "leaves out another namespace",
			`[{"op": "add", "path": "/spec/rules/0/exclude/any/0/resources/namespaces/-", "value": "default"}]`, ""},
		{"pods-only", "is told by an annotation to leave out what makes pods",
			`{"metadata": {"annotations": {"pod-policies.kyverno.io/autogen-controllers": "none"}}}`, ""},
		// Kyverno 1.19.1 takes the policy's webhooks away then, and everything
		// is admitted (getAllPolicies in its pkg/controllers/webhook).
		{"retired", "says in its status that Kyverno has generated another policy out of it",
			`{"status": {"validatingadmissionpolicy": {"generated": true, "message": ""}}}`, "status"},
		// It forgets the policy then, and its webhooks let everything in
		// (pkg/controllers/policycache).
		{"unready", "says in its status that it isn't ready", `{"status": {"conditions": [{"type": "Ready",
			"status": "False", "reason": "Attacked", "message": "", "lastTransitionTime": "2026-01-01T00:00:00Z"}]}}`,
			"status"},
	},
	"ValidatingAdmissionPolicy": {
		{"ignores-failures", "lets in what it can't judge", fails, ""},
		{"excludes", "leaves out another namespace", `{"spec": {"matchConstraints": {` + excluding + `}}}`, ""},
		{"never-matches", "is given a condition that nothing meets", never, ""},
	},
	"ValidatingAdmissionPolicyBinding": {
		{"warns", "only warns of what it would refuse", `{"spec": {"validationActions": ["Warn"]}}`, ""},
		{"excludes", "leaves out another namespace", `{"spec": {"matchResources": {` + excluding + `}}}`, ""},
	},
}

// whyPolicy is why none of this may be.
const whyPolicy = "Without the policy, or with it weakened, unsigned images are admitted."

// onAll deletes all policies of a kind at once.
func onAll(policy *unstructured.Unstructured) Attempt {
	gvk := policy.GroupVersionKind()
	target := kindOf(gvk.Kind, gvk.Group, gvk.Version)
	return refused(target.resource.Resource+"-deleted-with-all",
		"Deletes all objects of the kind "+gvk.Kind+" at once.", whyPolicy, impaired, request{kind: target})
}

// onPolicy deletes a policy, weakens it in the ways of its kind, and labels it,
// which has to go on.
func onPolicy(policy *unstructured.Unstructured) []Attempt {
	gvk := policy.GroupVersionKind()
	target := kindOf(gvk.Kind, gvk.Group, gvk.Version)
	short := strings.ToLower(gvk.Kind) + "-" + policy.GetName()
	called := gvk.Kind + " " + policy.GetName()
	on := func(body string) request { return request{kind: target, name: policy.GetName(), body: body} }
	all := []Attempt{
		refused(short+"-deleted", "Deletes the "+called+".", whyPolicy, impaired, on("")),
		{
			Name: short + "-labelled", GoesOn: "a label changes nothing that the policy does",
			request: on(`{"metadata": {"labels": {"a": "b"}}}`),
		},
	}
	for _, one := range changes[gvk.Kind] {
		changed := on(one.body)
		changed.subresource = one.subresource
		all = append(all, refused(short+"-"+one.name, "Changes the "+called+" so that it "+one.does+".",
			whyPolicy, impaired, changed))
	}
	return all
}
