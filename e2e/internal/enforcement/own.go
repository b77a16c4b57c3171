package enforcement

import (
	"context"
	"errors"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"container-signing/e2e/internal/policy"
)

// Policies and bindings are read apart from one another, and put together once
// a second: both have to be those of the round.
const (
	ownPolicy = `
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata: {name: NAME}
spec:
  failurePolicy: Fail
  matchConstraints:
    resourceRules:
      - {apiGroups: [""], apiVersions: [v1], operations: [CREATE], resources: [configmaps]}
  validations:
    - expression: object.metadata.?name.orValue("") != "NAME-own"
      message: policy of round ROUND.
`
	ownBinding = `
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata: {name: NAME-ROUND}
spec: {policyName: NAME, validationActions: [Deny]}
`
	ownObject = `
apiVersion: v1
kind: ConfigMap
metadata: {name: NAME-own, namespace: kube-system}
`
)

// awaitOwn returns when the API server applies its own policies as they are.
func (p *prober) awaitOwn(ctx context.Context) error {
	if err := errors.Join(p.put(ctx, ownPolicy), p.put(ctx, ownBinding)); err != nil {
		return err
	}
	err := p.awaitRefused(ctx, "configmaps", ownObject,
		"with binding 'NAME-ROUND' denied request", "policy of round ROUND.")
	if err != nil {
		return err
	}
	binding, err := p.parse(ownBinding)
	if err != nil {
		return err
	}
	if err := policy.Delete(ctx, p.config, []*unstructured.Unstructured{binding}); err != nil &&
		!apierrors.IsNotFound(err) {
		return fmt.Errorf("removing a policy of our own: %w", err)
	}
	return nil
}
