// Package mutant makes policies with one hole each out of those that have none:
// what a person might write by mistake, and what somebody might write on
// purpose. A run that doesn't notice one of them would not notice the same hole
// in the policies either.
package mutant

import "k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

// A Mutant is a set of policies with one hole.
type Mutant struct {
	// Name tells mutants apart: the policy that has the hole, and what was done
	// to it, such as "require-notation: CREATE of jobs left out".
	Name string
	// Kind is that of the policy.
	Kind     string
	Policies []*unstructured.Unstructured
	// Likely are parts of the names of workloads that are likely to come out
	// otherwise, the more of them a name has.
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
