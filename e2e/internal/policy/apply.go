// Package policy applies the policies of a folder to a cluster, and tells
// when the cluster enforces them.
package policy

import (
	"context"
	"fmt"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/discovery/cached/memory"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/restmapper"
)

// fieldManager is under what name policies are applied.
const fieldManager = "container-signing"

// Apply applies the policies, instead of those that have their names, and
// returns when Kyverno says that they are ready. An error holds what the
// cluster, or Kyverno's own check of policies, says against one.
func Apply(ctx context.Context, config *rest.Config, policies []*unstructured.Unstructured) error {
	client, err := dynamic.NewForConfig(config)
	if err != nil {
		return fmt.Errorf("making a client: %w", err)
	}
	mapper, err := newMapper(config)
	if err != nil {
		return err
	}
	var resources []schema.GroupVersionResource
	for _, policy := range policies {
		resource, err := applyOne(ctx, client, mapper, policy)
		if err != nil {
			return fmt.Errorf("applying %s %q: %w", policy.GetKind(), policy.GetName(), err)
		}
		resources = append(resources, resource)
	}
	for i, policy := range policies {
		if err := awaitReady(ctx, config, resources[i], policy); err != nil {
			return err
		}
	}
	return nil
}

// applyOne returns as what the API serves the policy.
func applyOne(
	ctx context.Context, client dynamic.Interface, mapper meta.RESTMapper, policy *unstructured.Unstructured,
) (schema.GroupVersionResource, error) {
	kind := policy.GroupVersionKind()
	mapping, err := mapper.RESTMapping(kind.GroupKind(), kind.Version)
	if err != nil {
		return schema.GroupVersionResource{}, err
	}
	var resource dynamic.ResourceInterface = client.Resource(mapping.Resource)
	if mapping.Scope.Name() == meta.RESTScopeNameNamespace {
		resource = client.Resource(mapping.Resource).Namespace(policy.GetNamespace())
	}
	options := metav1.ApplyOptions{FieldManager: fieldManager, Force: true}
	_, err = resource.Apply(ctx, policy.GetName(), policy, options)
	return mapping.Resource, err
}

func newMapper(config *rest.Config) (meta.RESTMapper, error) {
	client, err := discovery.NewDiscoveryClientForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("making a client: %w", err)
	}
	return restmapper.NewDeferredDiscoveryRESTMapper(memory.NewMemCacheClient(client)), nil
}
