package await

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
)

// Objects waits, in all namespaces, until as many objects of a resource as
// wanted are, or once were, as done wants them. An error tells how many are.
func Objects(
	ctx context.Context, config *rest.Config, resource schema.GroupVersionResource, wanted int,
	done func(*unstructured.Unstructured) bool,
) error {
	client, err := dynamic.NewForConfig(config)
	if err != nil {
		return fmt.Errorf("making a client: %w", err)
	}
	seen := map[string]bool{}
	see := func(object *unstructured.Unstructured, gone bool) error {
		if !gone && done(object) {
			seen[object.GetNamespace()+"/"+object.GetName()] = true
		}
		if len(seen) < wanted {
			return NotYet("%s %q", object.GetKind(), object.GetName())
		}
		return nil
	}
	if err := Until(ctx, client.Resource(resource), metav1.ListOptions{}, see); err != nil {
		return fmt.Errorf("waiting for %d %s, of which %d are there: %w", wanted, resource.Resource, len(seen), err)
	}
	return nil
}

// ServiceAccount waits for the service account that pods of a namespace run as.
// The API server refuses pods until it is there.
func ServiceAccount(ctx context.Context, client kubernetes.Interface, namespace string) error {
	const name = "default"
	see := func(_ *corev1.ServiceAccount, gone bool) error {
		if gone {
			return NotYet("it was deleted")
		}
		return nil
	}
	if err := Until(ctx, client.CoreV1().ServiceAccounts(namespace), Named(name), see); err != nil {
		return fmt.Errorf("waiting for ServiceAccount %q in namespace %q, which kube-controller-manager makes: %w",
			name, namespace, err)
	}
	return nil
}
