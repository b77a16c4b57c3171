package judge

import (
	"context"
	"fmt"

	batchv1 "k8s.io/api/batch/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"

	"container-signing/e2e/internal/workload"
)

var (
	podKind, _ = workload.KindNamed("Pod")
	jobKind, _ = workload.KindNamed("Job")
)

// follow checks that what was admitted is pinned, down to the pods that
// controllers make of it, and returns what it has looked at.
func (t *trial) follow(ctx context.Context, index int) (string, error) {
	document, kept := t.workload.Documents[index], t.kept[index]
	t.ran = false
	if err := checkPinned(document.Kind, kept, t.wanted[index]); err != nil {
		return "", err
	}
	if t.workload.Refusal != nil {
		// The documents before the one that must be refused only prepare for it.
		return "", nil
	}
	if document.Kind.Kind == "Pod" {
		runs, err := t.runs(ctx, kept.GetNamespace(), kept.GetName(), t.wanted[index])
		return "pinned" + runs, err
	}
	if document.Kind.Kind == "CronJob" {
		return t.followCronJob(ctx, kept, t.wanted[index])
	}
	updated := document.Updates >= 0
	if updated && !replacesPods[document.Kind.Kind] {
		return "template pinned; the pods of a " + document.Kind.Kind + " stay as they are", nil
	}
	return t.followPods(ctx, document.Kind, kept, t.wanted[index], updated)
}

// replacesPods are the kinds whose controllers replace pods when the template
// changes.
var replacesPods = map[string]bool{"Deployment": true, "StatefulSet": true, "DaemonSet": true}

// followCronJob makes a job of a CronJob at once, as kubectl create job
// --from does, and follows that.
func (t *trial) followCronJob(ctx context.Context, kept *unstructured.Unstructured, wanted []wantedImage) (string, error) {
	var cronJob batchv1.CronJob
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(kept.Object, &cronJob); err != nil {
		return "", err
	}
	job := &batchv1.Job{
		ObjectMeta: metav1.ObjectMeta{
			Name: cronJob.Name + "-now", Labels: cronJob.Spec.JobTemplate.Labels,
			Annotations:     map[string]string{"cronjob.kubernetes.io/instantiate": "manual"},
			OwnerReferences: []metav1.OwnerReference{{APIVersion: "batch/v1", Kind: "CronJob", Name: cronJob.Name, UID: cronJob.UID}},
		},
		Spec: cronJob.Spec.JobTemplate.Spec,
	}
	made, err := t.typed.BatchV1().Jobs(kept.GetNamespace()).Create(ctx, job, metav1.CreateOptions{FieldManager: fieldManager})
	if err != nil {
		return "", fmt.Errorf("a Job made of it wasn't: %s", classify(ctx, err).reason)
	}
	fields, err := runtime.DefaultUnstructuredConverter.ToUnstructured(made)
	if err != nil {
		return "", err
	}
	object := &unstructured.Unstructured{Object: fields}
	object.SetGroupVersionKind(jobKind.GroupVersionKind)
	if err := checkPinned(jobKind, object, wanted); err != nil {
		return "", err
	}
	detail, err := t.followPods(ctx, jobKind, object, wanted, false)
	return "template pinned, and a Job made of it: " + detail, err
}

// followPods waits for a pod that a controller makes of kept. There are pods
// of an older template if kept is updated.
func (t *trial) followPods(ctx context.Context, kind workload.Kind, kept *unstructured.Unstructured, wanted []wantedImage, updated bool) (string, error) {
	if reason := withoutPods(kept); reason != "" {
		return "template pinned; no pod was judged: " + reason, nil
	}
	if kind.Kind == "DaemonSet" {
		if scheduled, err := t.awaitScheduled(ctx, kept); err != nil {
			return "", err
		} else if scheduled == 0 {
			return "template pinned; no pod was judged: there is no node for it", nil
		}
	}
	var images []string
	if updated {
		images = imagesOf(kind, kept)
	}
	pod, err := t.awaitPod(ctx, kept, images)
	if err != nil {
		return "", err
	}
	if err := checkPinned(podKind, pod, wanted); err != nil {
		return "", err
	}
	runs, err := t.runs(ctx, pod.GetNamespace(), pod.GetName(), wanted)
	if err == nil && t.HasNode && kind.Kind == "Job" {
		runs, err = ", completed", t.awaitJob(ctx, kept.GetNamespace(), kept.GetName())
	}
	return "template and pod pinned" + runs, err
}

// withoutPods tells why a controller makes no pods of an object; "" if it does.
func withoutPods(object *unstructured.Unstructured) string {
	for _, field := range []string{"replicas", "parallelism"} {
		if number, found, err := unstructured.NestedInt64(object.Object, "spec", field); err == nil && found && number == 0 {
			return "its " + field + " are 0"
		}
	}
	for _, field := range []string{"suspend", "paused"} {
		if set, _, err := unstructured.NestedBool(object.Object, "spec", field); err == nil && set {
			return "its field " + field + " is true"
		}
	}
	return ""
}
