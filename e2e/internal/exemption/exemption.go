// Package exemption reads in policies what they leave out. No request can find
// an exemption whose label, name or account nobody knows: only reading finds it.
//
// It works the other way round from a search for holes, which never is
// complete: what a policy says is struck out as far as it is understood, and
// either leaves nothing out or is told in words. Whatever remains is told as it
// stands.
package exemption

import (
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// In returns the exemptions in policies, those of one policy together, each
// once.
func In(policies []*unstructured.Unstructured) []Exemption {
	all := missing(policies)
	for _, policy := range policies {
		r := &reader{policy: policy.GetName()}
		r.read(policy.DeepCopy().Object)
		for _, found := range r.found {
			if !slices.Contains(all, found) {
				all = append(all, found)
			}
		}
	}
	return all
}

// Unaccepted returns those whose words aren't accepted, neither by the user nor
// as those of the project's own policies.
func Unaccepted(exemptions []Exemption, accepted []string) []Exemption {
	return slices.DeleteFunc(slices.Clone(exemptions), func(e Exemption) bool {
		return slices.Contains(accepted, e.Words) || slices.Contains(own, e.Words)
	})
}

// missing tells what is left out because there is no other policy.
func missing(policies []*unstructured.Unstructured) (all []Exemption) {
	bound, verifies := map[string]bool{}, false
	for _, policy := range policies {
		switch policy.GetKind() {
		case "ValidatingAdmissionPolicyBinding":
			name, _, _ := unstructured.NestedString(policy.Object, "spec", "policyName")
			bound[name] = true
		case "ImageValidatingPolicy", "ClusterPolicy":
			verifies = true
		}
	}
	for _, policy := range policies {
		if policy.GetKind() == "ValidatingAdmissionPolicy" && !bound[policy.GetName()] {
			all = append(all, Exemption{policy.GetName(), "everything: nothing binds it"})
		}
	}
	if !verifies {
		all = append(all, Exemption{"all policies", "everything: none of them verifies images"})
	}
	return all
}

func (r *reader) read(object map[string]any) {
	kind, _ := take[string](object, "kind")
	r.metadata(object)
	delete(object, "apiVersion")
	delete(object, "status")
	spec := takeMap(object, "spec")
	switch kind {
	case "ImageValidatingPolicy":
		r.imageValidatingPolicy(spec)
	case "ValidatingAdmissionPolicy":
		r.validatingAdmissionPolicy(spec)
	case "ValidatingAdmissionPolicyBinding":
		r.binding(spec)
	case "ClusterPolicy":
		r.clusterPolicy(spec)
	default:
		r.say("what a %s does, which isn't read", kind)
	}
	r.rest("spec", spec)
	r.rest("", object)
}

// metadata is read for annotations that change what Kyverno makes of a policy.
// Others are for people.
func (r *reader) metadata(object map[string]any) {
	metadata := takeMap(object, "metadata")
	for name, value := range takeMap(metadata, "annotations") {
		if strings.HasPrefix(name, "pod-policies.kyverno.io/") {
			r.say("what annotation %s: %v leaves out", name, value)
		}
	}
}
