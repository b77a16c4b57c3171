package lock

import (
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
	// KnownFault tells why the request is granted though it mustn't be.
	KnownFault string

	request request
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
