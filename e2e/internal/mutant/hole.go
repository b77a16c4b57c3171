package mutant

import "k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

// A hole is what is done to one policy.
type hole struct {
	name     string
	likely   []string
	dig      func(object map[string]any) error
	expected Expected
	reason   string
}

func (h hole) in(policy *unstructured.Unstructured, all []*unstructured.Unstructured) Mutant {
	m := Mutant{
		Name: policy.GetName() + ": " + h.name, Kind: policy.GetKind(), Policies: all,
		Likely: h.likely, Expected: h.expected, Reason: h.reason,
	}
	if policy.GetKind() == "ValidatingAdmissionPolicyBinding" {
		m.Name = policy.GetName() + " (binding): " + h.name
	}
	if m.Expected == "" {
		m.Expected, m.Reason = known(all, m.Name)
	}
	return m
}
