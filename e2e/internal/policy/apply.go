// Package policy applies the policies of a folder to a cluster, and tells
// when the cluster enforces them.
package policy

import (
	"context"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/discovery/cached/memory"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/restmapper"
	"k8s.io/client-go/util/retry"
)

// fieldManager is under what name policies are applied.
const fieldManager = "container-signing"

// Apply applies the policies, instead of those that have their names, and
// returns when Kyverno says that they are ready. An error holds what the
// cluster, or Kyverno's own check of policies, says against one.
func Apply(ctx context.Context, config *rest.Config, policies []*unstructured.Unstructured) error {
	resources, err := put(ctx, config, policies)
	if err != nil {
		return err
	}
	for i, policy := range policies {
		if err := awaitReady(ctx, config, resources[i], policy); err != nil {
			return err
		}
	}
	return nil
}

// Put applies the policies as [Apply] does, and waits for nothing.
func Put(ctx context.Context, config *rest.Config, policies []*unstructured.Unstructured) error {
	_, err := put(ctx, config, policies)
	return err
}

// put returns as what the API serves each of the policies.
func put(
	ctx context.Context, config *rest.Config, policies []*unstructured.Unstructured,
) (resources []schema.GroupVersionResource, err error) {
	err = each(config, policies, "applying", func(
		client dynamic.ResourceInterface, policy *unstructured.Unstructured, resource schema.GroupVersionResource,
	) error {
		resources = append(resources, resource)
		return replace(ctx, client, policy)
	})
	return resources, err
}

// replace puts a policy in the place of one that has its name, of which nothing
// stays: what somebody else has added, such as an exclusion, would stay if it was
// applied.
func replace(ctx context.Context, client dynamic.ResourceInterface, policy *unstructured.Unstructured) error {
	return retry.RetryOnConflict(retry.DefaultRetry, func() error {
		present, err := client.Get(ctx, policy.GetName(), metav1.GetOptions{})
		if apierrors.IsNotFound(err) {
			_, err = client.Create(ctx, policy, metav1.CreateOptions{FieldManager: fieldManager})
			return err
		}
		if err != nil {
			return err
		}
		present.Object["spec"] = policy.DeepCopy().Object["spec"]
		present.SetAPIVersion(policy.GetAPIVersion())
		present.SetLabels(policy.GetLabels())
		present.SetAnnotations(policy.GetAnnotations())
		_, err = client.Update(ctx, present, metav1.UpdateOptions{FieldManager: fieldManager})
		return err
	})
}

// Delete deletes the policies of these names.
func Delete(ctx context.Context, config *rest.Config, policies []*unstructured.Unstructured) error {
	return each(config, policies, "deleting", func(client dynamic.ResourceInterface,
		policy *unstructured.Unstructured, _ schema.GroupVersionResource,
	) error {
		return client.Delete(ctx, policy.GetName(), metav1.DeleteOptions{})
	})
}

// each does something with each of the policies where the API serves it.
func each(
	config *rest.Config, policies []*unstructured.Unstructured, doing string,
	do func(dynamic.ResourceInterface, *unstructured.Unstructured, schema.GroupVersionResource) error,
) error {
	client, err := dynamic.NewForConfig(config)
	if err != nil {
		return fmt.Errorf("making a client: %w", err)
	}
	mapper, err := newMapper(config)
	if err != nil {
		return err
	}
	for _, policy := range policies {
		served, resource, err := servedBy(client, mapper, policy)
		if err == nil {
			err = do(served, policy, resource)
		}
		if err != nil {
			return fmt.Errorf("%s %s %q: %w", doing, policy.GetKind(), policy.GetName(), err)
		}
	}
	return nil
}

// servedBy returns where the API serves a policy.
func servedBy(
	client dynamic.Interface, mapper meta.RESTMapper, policy *unstructured.Unstructured,
) (dynamic.ResourceInterface, schema.GroupVersionResource, error) {
	kind := policy.GroupVersionKind()
	mapping, err := mapper.RESTMapping(kind.GroupKind(), kind.Version)
	if err != nil {
		return nil, schema.GroupVersionResource{}, err
	}
	if mapping.Scope.Name() == meta.RESTScopeNameNamespace {
		return client.Resource(mapping.Resource).Namespace(policy.GetNamespace()), mapping.Resource, nil
	}
	return client.Resource(mapping.Resource), mapping.Resource, nil
}

func newMapper(config *rest.Config) (meta.RESTMapper, error) {
	client, err := discovery.NewDiscoveryClientForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("making a client: %w", err)
	}
	return restmapper.NewDeferredDiscoveryRESTMapper(memory.NewMemCacheClient(client)), nil
}
