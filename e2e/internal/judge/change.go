package judge

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/strategicpatch"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes/scheme"

	"container-signing/e2e/internal/workload"
)

// A change makes of an object that is there what a document describes.
type change struct {
	before   *unstructured.Unstructured // as the document before has it
	document workload.Document
	dryRun   []string
}

// ask asks the API server for the change, in the way that the document says.
func (c change) ask(ctx context.Context, resource dynamic.ResourceInterface) (*unstructured.Unstructured, error) {
	object := c.document.Object
	switch c.document.Request.By {
	case workload.ServerSideApply:
		return resource.Apply(ctx, object.GetName(), object,
			metav1.ApplyOptions{FieldManager: FieldManager, Force: true, DryRun: c.dryRun})
	case workload.Replace:
		return resource.Update(ctx, object, metav1.UpdateOptions{
			FieldManager: FieldManager, FieldValidation: metav1.FieldValidationStrict, DryRun: c.dryRun,
		})
	case workload.JSONPatch:
		return c.patch(ctx, resource, types.JSONPatchType, c.jsonPatch)
	case workload.MergePatch:
		return c.patch(ctx, resource, types.MergePatchType, object.MarshalJSON)
	}
	return c.patch(ctx, resource, types.StrategicMergePatchType, c.strategicPatch, c.subresources()...)
}

func (c change) patch(
	ctx context.Context, resource dynamic.ResourceInterface, as types.PatchType, encode func() ([]byte, error),
	subresources ...string,
) (*unstructured.Unstructured, error) {
	encoded, err := encode()
	if err != nil {
		return nil, fmt.Errorf("comparing the document with the one before: %w", err)
	}
	options := metav1.PatchOptions{
		FieldManager: FieldManager, FieldValidation: metav1.FieldValidationStrict, DryRun: c.dryRun,
	}
	return resource.Patch(ctx, c.document.Object.GetName(), as, encoded, options, subresources...)
}

func (c change) subresources() []string {
	switch {
	case c.document.AddsEphemeralContainers:
		return []string{"ephemeralcontainers"}
	case c.document.Request.By == workload.StatusPatch:
		return []string{"status"}
	case c.document.Request.By == workload.ResizePatch:
		return []string{"resize"}
	}
	return nil
}

// strategicPatch is what the document changes about the one before, as kubectl
// apply sends it: it leaves the defaults alone that the API server has filled
// in, which a pod doesn't let one change, and it is what the subresources take
// too.
func (c change) strategicPatch() ([]byte, error) {
	old, err := json.Marshal(c.before)
	if err != nil {
		return nil, err
	}
	changed, err := json.Marshal(c.document.Object)
	if err != nil {
		return nil, err
	}
	schema, err := scheme.Scheme.New(c.document.Kind.GroupVersionKind)
	if err != nil {
		return nil, err
	}
	return strategicpatch.CreateTwoWayMergePatch(old, changed, schema)
}

// jsonPatch replaces the pod's specification as a whole (RFC 6902).
func (c change) jsonPatch() ([]byte, error) {
	path := "/" + strings.Join(c.document.Kind.PodSpecPath(), "/")
	value := c.document.Kind.PodSpec(c.document.Object)
	return json.Marshal([]map[string]any{{"op": "replace", "path": path, "value": value}})
}
