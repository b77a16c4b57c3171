package judge

import (
	"context"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"container-signing/e2e/internal/workload"
)

// FieldManager is whom the API server notes as the author of objects.
const FieldManager = "container-signing"

// applier creates and updates the objects of workloads.
type applier struct {
	clients   clients
	namespace string // of workloads that name none
	created   *cleanup
	own       *cleanup // of one workload; nil if that stays until all are deleted
	// dryRuns says that nothing may run: what decides is a dry run of the API
	// server, and what has to be there before doesn't start.
	dryRuns bool
}

// apply creates or updates the object of a document and returns what the API
// server made of it. What decides is the last one of its workload.
func (a applier) apply(
	ctx context.Context, w workload.Workload, document workload.Document, decides bool,
) (*unstructured.Unstructured, error) {
	namespace := document.Object.GetNamespace()
	if namespace == "" {
		namespace = a.namespace
	}
	asking, err := a.clients.as(document.Request.As)
	if err != nil {
		return nil, err
	}
	resource := asking.Resource(document.Kind.GroupVersionResource()).Namespace(namespace)
	var dryRun []string
	if a.dryRuns && decides {
		dryRun = []string{metav1.DryRunAll}
	}
	if document.Updates >= 0 {
		return change{w.Documents[document.Updates].Object, document, dryRun}.ask(ctx, resource)
	}
	kept, err := resource.Create(ctx, document.Object, metav1.CreateOptions{
		FieldManager: FieldManager, FieldValidation: metav1.FieldValidationStrict, DryRun: dryRun,
	})
	if err == nil && document.Object.GetNamespace() != "" && dryRun == nil {
		a.created.object(document.Kind.GroupVersionResource(), kept)
	}
	if err == nil && a.own != nil && dryRun == nil {
		a.own.object(document.Kind.GroupVersionResource(), kept)
	}
	return kept, err
}
