package main

import (
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"container-signing/e2e/internal/policy"
	"container-signing/e2e/internal/registry"
	"container-signing/e2e/internal/workload"
	"container-signing/tools"
)

// A plan is what a run will do, read and checked before anything is started.
type plan struct {
	options
	root       string
	repository string
	tag        string
	workloads  []workload.Workload
	policies   []*unstructured.Unstructured
	// ownPolicies are the user's, of which nobody knows what they leave out.
	ownPolicies bool
}

// newPlan reads all that the options of a whole run name. Its errors are usage
// errors.
func newPlan(o options) (plan, error) {
	p, err := readPlan(o)
	if err != nil {
		return plan{}, err
	}
	if p.repository, p.tag, err = repositoryOf(o.image); err != nil {
		return plan{}, usageError{err}
	}
	if o.signer != "" {
		if _, err := trustedCAs(o); err != nil {
			return plan{}, usageError{err}
		}
	}
	if err := registry.CheckFree("ci-registry", o.ciRegistry); err != nil {
		return plan{}, usageError{err}
	}
	if err := registry.CheckFree("production-registry", o.production); err != nil {
		return plan{}, usageError{err}
	}
	return p, nil
}

// readPlan reads the policies and the workloads, and makes sure that a report
// can be written. Its errors are usage errors.
func readPlan(o options) (plan, error) {
	root, err := tools.Root()
	if err != nil {
		return plan{}, usageError{err}
	}
	ownPolicies := o.policies != ""
	o.resolve(root)
	p := plan{options: o, root: root, ownPolicies: ownPolicies}
	if p.workloads, err = workload.Load(o.workloads); err != nil {
		return plan{}, usageError{err}
	}
	if p.policies, err = policy.Load(o.policies); err != nil {
		return plan{}, usageError{err}
	}
	if err := checkWritable(o.report); err != nil {
		return plan{}, usageError{err}
	}
	return p, nil
}
