package mutant

import (
	"regexp"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// An exception is of mutants that needn't come out by requests.
type exception struct {
	beside   string // the kind of Kyverno's policy; empty for any
	name     *regexp.Regexp
	expected Expected
	reason   string
}

// read is of mutants that only reading finds.
func read(beside, policy, names, reason string) exception {
	return exception{beside, whole(policy, names), ByReading, reason}
}

// same is of mutants that let in what is let in already, and no more.
func same(beside, policy, names, reason string) exception {
	return exception{beside, whole(policy, names), Same, reason}
}

// whole matches whole names of mutants, of policies or of bindings.
func whole(policy, names string) *regexp.Regexp {
	return regexp.MustCompile(`^(?:` + policy + `)(?: \(binding\))?: (?:` + names + `)$`)
}

func (e exception) fits(policies []*unstructured.Unstructured, name string) bool {
	if !e.name.MatchString(name) {
		return false
	}
	for _, policy := range policies {
		if policy.GetKind() == e.beside {
			return true
		}
	}
	return e.beside == ""
}

// known tells how a mutant must be noticed, and why not by a request.
func known(policies []*unstructured.Unstructured, name string) (Expected, string) {
	for _, one := range exceptions {
		if one.fits(policies, name) {
			return one.expected, one.reason
		}
	}
	return ByRequests, ""
}
