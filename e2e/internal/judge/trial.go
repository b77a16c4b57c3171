package judge

import (
	"context"
	"encoding/json"
	"fmt"
	"regexp"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/strategicpatch"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes/scheme"

	"container-signing/e2e/internal/report"
	"container-signing/e2e/internal/workload"
)

// fieldManager is who the API server notes as the author of objects.
const fieldManager = "container-signing"

// A trial applies one workload.
type trial struct {
	*judge
	workload workload.Workload
	wanted   [][]wantedImage              // by document
	kept     []*unstructured.Unstructured // what the API server made of each document
	ran      bool                         // pods of the last document did what they must
}

func (j *judge) newTrial(w workload.Workload) *trial {
	t := &trial{judge: j, workload: w.WithImages(j.references)}
	for _, document := range w.Documents {
		t.wanted = append(t.wanted, j.wantedImages(document))
	}
	return t
}

// run applies the documents in their order, up to the first that meets with
// something else than it must.
func (t *trial) run(ctx context.Context) report.Verdict {
	verdict := report.Verdict{Workload: t.workload.Name, Kind: t.workload.Last().Kind.Kind, Expected: report.Admitted}
	refusal := t.workload.Refusal
	if refusal != nil {
		verdict.Expected, verdict.Policy = report.Refused, refusal.Policy
	}
	for i, document := range t.workload.Documents {
		decides := refusal != nil && i == len(t.workload.Documents)-1
		kept, err := t.apply(ctx, document)
		if err != nil {
			t.refused(&verdict, document, decides, classify(ctx, err))
			return verdict
		}
		t.kept = append(t.kept, kept)
		verdict.Seen = report.Admitted
		if decides {
			verdict.Failure = fmt.Sprintf("document %d was admitted, but must be refused by policy %q", document.Number, refusal.Policy)
			return verdict
		}
		if verdict.Detail, err = t.follow(ctx, i); err != nil {
			verdict.Failure = fmt.Sprintf("document %d was admitted, but %s", document.Number, err)
			return verdict
		}
	}
	verdict.Passed = true
	if verdict.Runs = report.RunsNotChecked; t.ran {
		verdict.Runs = report.Runs
	}
	return verdict
}

// refused completes a verdict with the API server's answer to a document that
// it didn't take.
func (t *trial) refused(verdict *report.Verdict, document workload.Document, decides bool, answer answer) {
	verdict.Seen, verdict.Webhook, verdict.Reason = answer.seen, answer.webhook, answer.reason
	verdict.Detail = ""
	switch {
	case !decides:
		verdict.Failure = fmt.Sprintf("document %d must be admitted", document.Number)
	case answer.seen != report.Refused:
		verdict.Failure = fmt.Sprintf("document %d met with another error than a refusal by a policy", document.Number)
	default:
		verdict.Failure = t.unexpected(answer.reason)
		verdict.Passed = verdict.Failure == ""
		verdict.Matched = t.workload.Refusal.Because.FindString(answer.reason)
	}
}

// unexpected tells in what a refusal's reason isn't the expected one; it
// returns "" if it is.
func (t *trial) unexpected(reason string) string {
	refusal := t.workload.Refusal
	if !fitsPolicy(reason, refusal.Policy) {
		return fmt.Sprintf("it was refused for another reason: policy %q isn't named as the one that refuses", refusal.Policy)
	}
	if !refusal.Because.MatchString(reason) {
		return fmt.Sprintf("it was refused for another reason: nothing in it matches %q", refusal.Because)
	}
	reference := refusal.Image
	if image, known := t.Images[refusal.Image]; known {
		reference = image.Reference
	}
	if !namesImage(reason, reference) {
		return fmt.Sprintf("it was refused for another reason: image %q isn't named", reference)
	}
	return ""
}

// namesImage tells whether a reason names an image, and not just one whose
// reference begins or ends alike.
func namesImage(reason, reference string) bool {
	return regexp.MustCompile(`(?:^|[^\w./-])` + regexp.QuoteMeta(reference) + `(?:$|[^\w.-])`).MatchString(reason)
}

// apply creates or updates the object of a document and returns what the API
// server made of it.
func (t *trial) apply(ctx context.Context, document workload.Document) (*unstructured.Unstructured, error) {
	client := t.client(document)
	if document.Updates >= 0 {
		return t.update(ctx, client, document)
	}
	options := metav1.CreateOptions{FieldManager: fieldManager, FieldValidation: metav1.FieldValidationStrict}
	kept, err := client.Create(ctx, document.Object, options)
	if err == nil && document.Object.GetNamespace() != "" {
		t.created.object(document.Kind.GroupVersionResource(), kept)
	}
	return kept, err
}

// update sends what the document changes about the one before, as kubectl
// apply does: a strategic merge patch leaves the defaults alone that the API
// server has filled in, which a pod doesn't let one change, and it is what
// the subresource for ephemeral containers takes too.
func (t *trial) update(ctx context.Context, client dynamic.ResourceInterface, document workload.Document) (*unstructured.Unstructured, error) {
	before, err := json.Marshal(t.workload.Documents[document.Updates].Object)
	if err != nil {
		return nil, err
	}
	after, err := json.Marshal(document.Object)
	if err != nil {
		return nil, err
	}
	schema, err := scheme.Scheme.New(document.Kind.GroupVersionKind)
	if err != nil {
		return nil, err
	}
	patch, err := strategicpatch.CreateTwoWayMergePatch(before, after, schema)
	if err != nil {
		return nil, fmt.Errorf("comparing the document with the one before: %w", err)
	}
	var subresources []string
	if document.AddsEphemeralContainers {
		subresources = []string{"ephemeralcontainers"}
	}
	options := metav1.PatchOptions{FieldManager: fieldManager, FieldValidation: metav1.FieldValidationStrict}
	return client.Patch(ctx, document.Object.GetName(), types.StrategicMergePatchType, patch, options, subresources...)
}

func (t *trial) client(document workload.Document) dynamic.ResourceInterface {
	return t.dynamic.Resource(document.Kind.GroupVersionResource()).Namespace(t.namespaceOf(document))
}

func (t *trial) namespaceOf(document workload.Document) string {
	if namespace := document.Object.GetNamespace(); namespace != "" {
		return namespace
	}
	return t.namespace
}
