package policy

import (
	"context"
	"fmt"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/rest"

	"container-signing/e2e/internal/await"
)

// awaitReady waits until Kyverno says in a policy's status that its webhooks
// are configured. Kubernetes' own kinds of policies have no such status: when
// the API server applies them, within about a second, it says nowhere.
func awaitReady(
	ctx context.Context, config *rest.Config, resource schema.GroupVersionResource, policy *unstructured.Unstructured,
) error {
	if resource.Group == "admissionregistration.k8s.io" {
		return nil
	}
	var status any
	err := await.Objects(ctx, config, resource, 1, func(object *unstructured.Unstructured) bool {
		if !same(object, policy) {
			return false
		}
		status = object.Object["status"]
		return ready(object)
	})
	if err != nil {
		return fmt.Errorf("waiting for %s %q to be ready, with status %v: %w",
			policy.GetKind(), policy.GetName(), status, err)
	}
	return nil
}

func same(a, b *unstructured.Unstructured) bool {
	return a.GetName() == b.GetName() && a.GetNamespace() == b.GetNamespace()
}

// conditions are what Kyverno sets once the webhooks of a policy are
// configured, by where its kinds keep them. That an ImageValidatingPolicy is
// "ready" says more: that reports can be made about it too.
var conditions = []struct {
	path      []string
	condition string
}{
	{[]string{"status", "conditionStatus", "conditions"}, "WebhookConfigured"},
	{[]string{"status", "conditions"}, "Ready"},
}

func ready(policy *unstructured.Unstructured) bool {
	for _, wanted := range conditions {
		present, _, err := unstructured.NestedSlice(policy.Object, wanted.path...)
		if err != nil {
			return false
		}
		for _, condition := range present {
			fields, ok := condition.(map[string]any)
			if ok && fields["type"] == wanted.condition && fields["status"] == "True" {
				return true
			}
		}
	}
	return false
}
