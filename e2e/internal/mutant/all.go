package mutant

import (
	"fmt"
	"slices"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// All returns the mutants of policies. An error says that the policies have
// changed, so that a mutant can't be made of them any more.
func All(policies []*unstructured.Unstructured, place Place) ([]Mutant, error) {
	var mutants []Mutant
	for i, policy := range policies {
		for _, hole := range holesOf(policy, place) {
			changed := policy.DeepCopy()
			if err := hole.dig(changed.Object); err != nil {
				return nil, fmt.Errorf("making the mutant %q of %s %q: %w",
					hole.name, policy.GetKind(), policy.GetName(), err)
			}
			hole.likely = append(hole.likely, typical(policy.GetName())...)
			all := slices.Clone(policies)
			all[i] = changed
			mutants = append(mutants, hole.in(policy, all))
		}
	}
	return append(mutants, missing(policies)...), nil
}

// holesOf are the holes that a policy of its kind can have.
func holesOf(policy *unstructured.Unstructured, place Place) []hole {
	switch policy.GetKind() {
	case "ImageValidatingPolicy":
		return slices.Concat(constraints(policy.Object), excuses(verifiedBefore), newImages(policy.Object),
			imageValidating(place))
	case "ValidatingAdmissionPolicy":
		return slices.Concat(
			constraints(policy.Object), excuses(), newImages(policy.Object), admission(policy.GetName()))
	case "ValidatingAdmissionPolicyBinding":
		return binding()
	case "ClusterPolicy":
		return clusterPolicy(place)
	}
	return nil
}

// typical are parts of the names of workloads that the API server's own policies
// refuse.
func typical(name string) []string {
	switch name {
	case "require-pinned-images":
		return []string{"by-tag", "unreadable"}
	case "refuse-image-volumes":
		return []string{"unsigned-image-volume", "update-to-image-volume"}
	}
	return nil
}

// missing leaves out one policy each, a binding, and both.
func missing(policies []*unstructured.Unstructured) (mutants []Mutant) {
	without := func(gone func(*unstructured.Unstructured) bool) []*unstructured.Unstructured {
		return slices.DeleteFunc(slices.Clone(policies), gone)
	}
	for _, policy := range policies {
		nothing := hole{name: "missing"}
		isIt := func(p *unstructured.Unstructured) bool { return p == policy }
		mutants = append(mutants, nothing.in(policy, without(isIt)))
		if policy.GetKind() == "ValidatingAdmissionPolicy" {
			both := hole{name: "missing with its binding"}
			mutants = append(mutants, both.in(policy, without(func(p *unstructured.Unstructured) bool {
				return p.GetName() == policy.GetName()
			})))
		}
	}
	return mutants
}
