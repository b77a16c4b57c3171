package enforcement

import (
	"context"
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// The conditions make it a webhook of its own, which only is there once Kyverno
// has configured all the webhooks of the round: it puts the whole configuration
// in its place at once. The name of an image that can't be read is refused by
// the mutating webhook, that with a digest by the validating one.
const (
	imageValidatingPolicy = `
apiVersion: policies.kyverno.io/v1
kind: ImageValidatingPolicy
metadata: {name: NAME}
spec:
  failurePolicy: Fail
  validationActions: [Deny]
  webhookConfiguration: {timeoutSeconds: 30}
  matchConstraints:
    resourceRules:
      - {apiGroups: [""], apiVersions: [v1], operations: [CREATE], resources: [pods, pods/ephemeralcontainers]}
  matchConditions:
    - name: round
      expression: object.metadata.?name.orValue("").startsWith("NAME-ROUND.")
  matchImageReferences: [{glob: "*"}]
  validationConfigurations: {mutateDigest: true, verifyDigest: true, required: true}
  images:
    - {name: containers, expression: "[]"}
    - {name: initContainers, expression: "[]"}
    - {name: ephemeralContainers, expression: "[]"}
  attestors:
    - name: nobody
      notary: {certs: {value: none}}
  validations:
    - {expression: "false", message: round ROUND.}
`
	imageValidatingPod = `
apiVersion: v1
kind: Pod
metadata: {name: NAME-ROUND.WHAT, namespace: kube-system}
spec: {containers: [{name: main, image: IMAGE}]}
`
)

// awaitImageValidating returns when Kyverno and the API server enforce all
// ImageValidatingPolicies as they are.
func (p *prober) awaitImageValidating(ctx context.Context) error {
	if err := p.put(ctx, imageValidatingPolicy); err != nil {
		return err
	}
	pod := func(what, image string) string {
		return strings.NewReplacer("WHAT", what, "IMAGE", image).Replace(imageValidatingPod)
	}
	err := p.awaitRefused(ctx, "pods", pod("mutate", "registry/BusyBox:x"), "denied the request", "Policy NAME error")
	if err != nil {
		return err
	}
	digest := "registry/busybox@sha256:" + strings.Repeat("0", 64)
	return p.awaitRefused(ctx, "pods", pod("validate", digest), "denied the request", "Policy NAME ", "round ROUND.")
}

// A ClusterPolicy shares its webhooks with the others. Which kinds these are
// called for changes from round to round.
const (
	clusterPolicy = `
apiVersion: kyverno.io/v1
kind: ClusterPolicy
metadata: {name: NAME}
spec:
  background: false
  rules:
    - name: mutate
      match: {any: [{resources: {kinds: [KIND], operations: [CREATE]}}]}
      preconditions: {all: [{key: "{{ request.object.metadata.name }}", operator: AnyIn, value: [NAME-round]}]}
      mutate: {patchStrategicMerge: {metadata: {annotations: {round: "ROUND"}}}}
    - name: validate
      match: {any: [{resources: {kinds: [KIND], operations: [CREATE]}}]}
      preconditions: {all: [{key: "{{ request.object.metadata.name }}", operator: AnyIn, value: [NAME-refused]}]}
      validate: {failureAction: Enforce, message: round ROUND., deny: {}}
`
	clusterObject = `
apiVersion: v1
kind: KIND
metadata: {name: NAME-WHAT, namespace: default}
`
)

// awaitClusterPolicy returns when Kyverno and the API server enforce all
// ClusterPolicies as they are.
func (p *prober) awaitClusterPolicy(ctx context.Context) error {
	kind, resource := "ConfigMap", "configmaps"
	if p.round%2 == 0 {
		kind, resource = "Secret", "secrets"
	}
	object := func(what string) string {
		return strings.NewReplacer("KIND", kind, "WHAT", what).Replace(clusterObject)
	}
	if err := p.put(ctx, strings.ReplaceAll(clusterPolicy, "KIND", kind)); err != nil {
		return err
	}
	err := p.awaitAnswer(ctx, resource, object("round"), func(made *unstructured.Unstructured, err error) bool {
		return err == nil && made.GetAnnotations()["round"] == fmt.Sprint(p.round)
	})
	if err != nil {
		return err
	}
	return p.awaitRefused(ctx, resource, object("refused"), "denied the request", "round ROUND.")
}
