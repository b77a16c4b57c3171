package lock

import (
	"slices"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/rest"

	"container-signing/e2e/internal/report"
)

// An Attempt is a request that must be refused, or one that must be granted.
type Attempt struct {
	// Name is that of its verdict, below "lock/".
	Name string
	// Attack tells what is tried; nil if it is none.
	Attack *report.Attack
	// GoesOn says why the request must be granted; empty if it must be refused.
	GoesOn string

	request request
}

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
	return slices.Concat(all, onTrust, onWebhooks, byName, onKyverno, onAPI, onExceptions, goesOn)
}

// Where the ways are known from.
const (
	// impaired is MITRE ATT&CK's "Impair Defenses: Disable or Modify Tools".
	impaired     = "https://attack.mitre.org/techniques/T1562/001/"
	unguarded    = "https://github.com/kubernetes/enhancements/issues/5793"
	exceptions   = "https://kyverno.io/docs/exceptions/"
	filters      = "https://kyverno.io/docs/installation/customization/"
	impersonated = "https://kubernetes.io/docs/reference/access-authn-authz/authentication/#user-impersonation"
	aggregated   = "https://kubernetes.io/docs/concepts/extend-kubernetes/api-extension/apiserver-aggregation/"
	collected    = "https://kubernetes.io/docs/concepts/architecture/garbage-collection/"
)

// refused is an attempt that must be refused.
func refused(name, does, why, knownFrom string, r request) Attempt {
	return Attempt{Name: name, Attack: &report.Attack{Does: does, Why: why, KnownFrom: knownFrom}, request: r}
}

// Kyverno's admission controller, which keeps its own webhooks.
const admissionController = "system:serviceaccount:kyverno:kyverno-admission-controller"

// as is a user who is an administrator too: whoever may impersonate one can add
// the other's group.
func as(user string) rest.ImpersonationConfig {
	return rest.ImpersonationConfig{UserName: user, Groups: []string{"system:masters"}}
}
