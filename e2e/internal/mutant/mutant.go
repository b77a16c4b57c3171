// Package mutant makes policies with one hole each out of those that have none:
// what a person might write by mistake, and what somebody might write on
// purpose. A run that doesn't notice one of them would not notice the same hole
// in the policies either.
package mutant

import (
	"fmt"
	"slices"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// A Mutant is a set of policies with one hole.
type Mutant struct {
	// Name tells mutants apart: the policy that has the hole, and what was done
	// to it, such as "require-notation: CREATE of jobs left out".
	Name string
	// Kind is that of the policy.
	Kind     string
	Policies []*unstructured.Unstructured
	// Likely are parts of the names of workloads that are likely to come out
	// otherwise.
	Likely []string
	// Expected is how it must be noticed; Reason says why not by a request.
	Expected Expected
	Reason   string
}

// Expected is how a mutant must be noticed.
type Expected string

const (
	// ByRequests is a workload that comes out otherwise than it must.
	ByRequests Expected = "requests"
	// ByReading is reading the policies alone: no request of a run can find it.
	ByReading Expected = "reading"
	// Same is not at all by requests: what is admitted is the same.
	Same Expected = "the same"
)

// A Place is what the holes of a run depend on.
type Place struct {
	// Registry is that of the images, such as "127.0.0.1:5001", and Repository
	// the one of the signed image.
	Registry, Repository string
	// AnotherCA is the certificate, in PEM, of a CA that nobody is to trust.
	AnotherCA string
}

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
			all := slices.Clone(policies)
			all[i] = changed
			mutants = append(mutants, hole.in(policy, all))
		}
	}
	return append(mutants, missing(policies)...), nil
}

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

// holesOf are the holes that a policy of its kind can have.
func holesOf(policy *unstructured.Unstructured, place Place) []hole {
	switch policy.GetKind() {
	case "ImageValidatingPolicy":
		return slices.Concat(constraints(policy.Object), excuses(), newImages(policy.Object), imageValidating(place))
	case "ValidatingAdmissionPolicy":
		return slices.Concat(constraints(policy.Object), excuses(), newImages(policy.Object), admission(policy.GetName()))
	case "ValidatingAdmissionPolicyBinding":
		return binding()
	case "ClusterPolicy":
		return clusterPolicy(place)
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
		mutants = append(mutants, nothing.in(policy, without(func(p *unstructured.Unstructured) bool { return p == policy })))
		if policy.GetKind() == "ValidatingAdmissionPolicy" {
			both := hole{name: "missing with its binding"}
			mutants = append(mutants, both.in(policy, without(func(p *unstructured.Unstructured) bool {
				return p.GetName() == policy.GetName()
			})))
		}
	}
	return mutants
}
