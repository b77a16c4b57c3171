package judge

import (
	"context"
	"encoding/json"
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/strategicpatch"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes/scheme"

	"container-signing/e2e/internal/workload"
)

// FieldManager is whom the API server notes as the author of objects.
const FieldManager = "container-signing"

// applier creates and updates the objects of workloads.
type applier struct {
	client    dynamic.Interface
	namespace string // of workloads that name none
	created   *cleanup
	dryRun    bool
}

// apply creates or updates the object of a document and returns what the API
// server made of it.
func (a applier) apply(
	ctx context.Context, w workload.Workload, document workload.Document,
) (*unstructured.Unstructured, error) {
	namespace := document.Object.GetNamespace()
	if namespace == "" {
		namespace = a.namespace
	}
	client := a.client.Resource(document.Kind.GroupVersionResource()).Namespace(namespace)
	if document.Updates >= 0 {
		return a.update(ctx, client, w.Documents[document.Updates].Object, document)
	}
	options := metav1.CreateOptions{
		FieldManager: FieldManager, FieldValidation: metav1.FieldValidationStrict, DryRun: a.dryRuns(),
	}
	kept, err := client.Create(ctx, document.Object, options)
	if err == nil && !a.dryRun && document.Object.GetNamespace() != "" {
		a.created.object(document.Kind.GroupVersionResource(), kept)
	}
	return kept, err
}

// update sends what a document changes about the one before, as kubectl apply
// does: a strategic merge patch leaves the defaults alone that the API server
// has filled in, which a pod doesn't let one change, and it is what the
// subresource for ephemeral containers takes too.
func (a applier) update(
	ctx context.Context, client dynamic.ResourceInterface,
	before *unstructured.Unstructured, document workload.Document,
) (*unstructured.Unstructured, error) {
	old, err := json.Marshal(before)
	if err != nil {
		return nil, err
	}
	changed, err := json.Marshal(document.Object)
	if err != nil {
		return nil, err
	}
	schema, err := scheme.Scheme.New(document.Kind.GroupVersionKind)
	if err != nil {
		return nil, err
	}
	patch, err := strategicpatch.CreateTwoWayMergePatch(old, changed, schema)
	if err != nil {
		return nil, fmt.Errorf("comparing the document with the one before: %w", err)
	}
	var subresources []string
	if document.AddsEphemeralContainers {
		subresources = []string{"ephemeralcontainers"}
	}
	options := metav1.PatchOptions{
		FieldManager: FieldManager, FieldValidation: metav1.FieldValidationStrict, DryRun: a.dryRuns(),
	}
	return client.Patch(ctx, document.Object.GetName(), types.StrategicMergePatchType, patch, options, subresources...)
}

// dryRuns is what says in a request that it is a dry run.
func (a applier) dryRuns() []string {
	if a.dryRun {
		return []string{metav1.DryRunAll}
	}
	return nil
}
