package lock

import (
	"slices"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// Attempts are all attempts in a cluster in which these policies are in force.
func Attempts(policies []*unstructured.Unstructured) []Attempt {
	var all []Attempt
	kinds := map[string]bool{}
	for _, policy := range policies {
		all = append(all, onPolicy(policy)...)
		if kind := policy.GetKind(); !kinds[kind] {
			kinds[kind] = true
			all = append(all, onAll(policy))
		}
	}
	byName := limits
	if kinds["ImageValidatingPolicy"] {
		byName = asKyverno
	}
	return slices.Concat(all, onTrust, onWebhooks, byName, onKyverno, onRights, onAPI, onExceptions, goesOn)
}
