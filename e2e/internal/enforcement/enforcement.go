// Package enforcement replaces policies in a cluster and tells when the cluster
// enforces the new ones, whether or not these refuse anything.
//
// Nobody tells that: not Kyverno, whose status says of a policy that some
// version of it was taken notice of, nor the API server, whose own policies have
// no status. So each replacement is followed by policies that do nothing but
// refuse one object each, and differ from round to round. Kyverno and the API
// server read policies, and webhook configurations, in the order of their
// changes: who refuses by what came later has read what came before.
package enforcement

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"container-signing/e2e/internal/await"
	"container-signing/e2e/internal/policy"
)

// A Cluster is one in which nobody else changes policies.
type Cluster struct {
	prober
	limit    time.Duration // of a replacement
	enforced []*unstructured.Unstructured
}

// New returns a cluster that enforces policies already. The limit is for each
// replacement of them.
func New(
	ctx context.Context, config *rest.Config, limit time.Duration, enforced []*unstructured.Unstructured,
) (*Cluster, error) {
	client, err := dynamic.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("making a client: %w", err)
	}
	typed, err := kubernetes.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("making a client: %w", err)
	}
	// The API server refuses pods before it asks anybody until it is there.
	if err := await.ServiceAccount(ctx, typed, metav1.NamespaceSystem); err != nil {
		return nil, err
	}
	return &Cluster{prober{config: config, client: client}, limit, slices.Clone(enforced)}, nil
}

// Replace makes the cluster enforce policies instead of those that it enforces.
// An error may be what the cluster, or Kyverno's own check, says against one of
// them; it enforces some of the policies then, and takes others.
func (c *Cluster) Replace(ctx context.Context, policies []*unstructured.Unstructured) error {
	ctx, cancel := await.Within(ctx, c.limit)
	defer cancel()
	gone := slices.DeleteFunc(slices.Clone(c.enforced), func(p *unstructured.Unstructured) bool {
		return slices.ContainsFunc(policies, func(other *unstructured.Unstructured) bool { return same(p, other) })
	})
	changed := slices.DeleteFunc(slices.Clone(policies), func(p *unstructured.Unstructured) bool {
		return slices.ContainsFunc(c.enforced, func(other *unstructured.Unstructured) bool {
			return reflect.DeepEqual(p.Object, other.Object)
		})
	})
	if err := policy.Delete(ctx, c.config, gone); err != nil {
		return err
	}
	c.enforced = slices.DeleteFunc(c.enforced, func(p *unstructured.Unstructured) bool {
		return slices.Contains(gone, p)
	})
	for _, one := range changed {
		if err := policy.Put(ctx, c.config, []*unstructured.Unstructured{one}); err != nil {
			return notTaken{err}
		}
		c.enforced = slices.DeleteFunc(c.enforced, func(p *unstructured.Unstructured) bool { return same(p, one) })
		c.enforced = append(c.enforced, one)
	}
	return c.await(ctx, slices.Concat(gone, changed))
}

// await returns when all that enforce policies of these kinds have read them.
func (c *Cluster) await(ctx context.Context, changed []*unstructured.Unstructured) error {
	kinds := map[string]bool{}
	for _, one := range changed {
		kinds[one.GetKind()] = true
	}
	c.round++
	switch {
	case kinds["ImageValidatingPolicy"]:
		if err := c.awaitImageValidating(ctx); err != nil {
			return err
		}
	case kinds["ClusterPolicy"]:
		if err := c.awaitClusterPolicy(ctx); err != nil {
			return err
		}
	}
	if kinds["ValidatingAdmissionPolicy"] || kinds["ValidatingAdmissionPolicyBinding"] {
		return c.awaitOwn(ctx)
	}
	return nil
}

func same(a, b *unstructured.Unstructured) bool {
	return a.GetKind() == b.GetKind() && a.GetName() == b.GetName() && a.GetNamespace() == b.GetNamespace()
}
