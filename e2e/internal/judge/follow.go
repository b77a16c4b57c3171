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

var jobKind, _ = workload.KindNamed("Job")

// A follower finds out what becomes of objects that were admitted.
type follower struct {
	clients
	images    Images
	hasNode   bool
	onRunning func() // or nil
}

// An admitted object is one that the API server keeps, as it keeps it, and what
// its containers must run.
type admitted struct {
	kind    workload.Kind
	kept    *unstructured.Unstructured
	wanted  []wantedImage
	updated bool // there are pods of an older template
}

// fate is what became of an admitted object.
type fate struct {
	detail string // what was looked at
	ran    bool   // its pods did what they must
}

// follow checks that what was admitted is pinned, down to the pods that
// controllers make of it.
func (f follower) follow(ctx context.Context, a admitted) (fate, error) {
	if err := checkPinned(a.kind, a.kept, a.wanted); err != nil {
		return fate{}, err
	}
	switch {
	case a.kind.Kind == "Pod":
		does, err := f.runs(ctx, a.kept, a.wanted)
		return fate{"pinned" + said(does), does != ""}, err
	case a.kind.Kind == "CronJob":
		return f.followCronJob(ctx, a)
	case a.updated && !replacesPods[a.kind.Kind]:
		return fate{detail: "template pinned; the pods of a " + a.kind.Kind + " stay as they are"}, nil
	}
	return f.followPods(ctx, a)
}

// replacesPods are the kinds whose controllers replace pods when the template
// changes.
var replacesPods = map[string]bool{"Deployment": true, "StatefulSet": true, "DaemonSet": true}

// followCronJob makes a Job of a CronJob at once, and follows that.
func (f follower) followCronJob(ctx context.Context, a admitted) (fate, error) {
	job, err := f.jobOf(ctx, a.kept)
	if err != nil {
		return fate{}, err
	}
	if err := checkPinned(jobKind, job, a.wanted); err != nil {
		return fate{}, err
	}
	end, err := f.followPods(ctx, admitted{kind: jobKind, kept: job, wanted: a.wanted})
	end.detail = "template pinned, and a Job made of it: " + end.detail
	return end, err
}

// jobOf makes a Job of a CronJob, as kubectl create job --from does.
func (f follower) jobOf(ctx context.Context, kept *unstructured.Unstructured) (*unstructured.Unstructured, error) {
	var cronJob batchv1.CronJob
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(kept.Object, &cronJob); err != nil {
		return nil, err
	}
	job := &batchv1.Job{
		ObjectMeta: metav1.ObjectMeta{
			Name: cronJob.Name + "-now", Labels: cronJob.Spec.JobTemplate.Labels,
			Annotations: map[string]string{"cronjob.kubernetes.io/instantiate": "manual"},
			OwnerReferences: []metav1.OwnerReference{
				{APIVersion: "batch/v1", Kind: "CronJob", Name: cronJob.Name, UID: cronJob.UID},
			},
		},
		Spec: cronJob.Spec.JobTemplate.Spec,
	}
	jobs := f.typed.BatchV1().Jobs(kept.GetNamespace())
	made, err := jobs.Create(ctx, job, metav1.CreateOptions{FieldManager: FieldManager})
	if err != nil {
		return nil, fmt.Errorf("a Job made of it wasn't: %s", Classify(ctx, err).Reason)
	}
	fields, err := runtime.DefaultUnstructuredConverter.ToUnstructured(made)
	if err != nil {
		return nil, err
	}
	object := &unstructured.Unstructured{Object: fields}
	object.SetGroupVersionKind(jobKind.GroupVersionKind)
	return object, nil
}

// followPods waits for a pod that a controller makes of an object.
func (f follower) followPods(ctx context.Context, a admitted) (fate, error) {
	if reason := withoutPods(a.kept); reason != "" {
		return fate{detail: "template pinned; no pod was judged: " + reason}, nil
	}
	if a.kind.Kind == "DaemonSet" {
		if nodes, err := awaitScheduled(ctx, f.typed, a.kept); err != nil {
			return fate{}, err
		} else if nodes == 0 {
			return fate{detail: "template pinned; no pod was judged: there is no node for it"}, nil
		}
	}
	var images []string
	if a.updated {
		images = imagesOf(a.kind, a.kept)
	}
	pod, err := awaitPod(ctx, f.clients, a.kept, images)
	if err != nil {
		return fate{}, err
	}
	if err := checkPinned(podKind, pod, a.wanted); err != nil {
		return fate{}, err
	}
	does, err := f.runs(ctx, pod, a.wanted)
	if err == nil && f.hasNode && a.kind.Kind == "Job" {
		does, err = "completed", awaitCompletion(ctx, f.typed, a.kept.GetNamespace(), a.kept.GetName())
	}
	return fate{"template and pod pinned" + said(does), does != ""}, err
}

// runs waits until an admitted pod runs, where there is a node to run it, and
// returns what its containers do.
func (f follower) runs(
	ctx context.Context, pod *unstructured.Unstructured, wanted []wantedImage,
) (does string, err error) {
	if !f.hasNode {
		return "", nil
	}
	does, err = awaitRuns(ctx, f.typed, pod.GetNamespace(), pod.GetName(), wanted, f.images)
	if err == nil && f.onRunning != nil {
		f.onRunning()
	}
	return does, err
}

// said is what the containers of a pod do, in a list of what was seen.
func said(does string) string {
	if does == "" {
		return ""
	}
	return ", " + does
}

// withoutPods tells why a controller makes no pods of an object; "" if it does.
func withoutPods(object *unstructured.Unstructured) string {
	for _, field := range []string{"replicas", "parallelism"} {
		number, found, err := unstructured.NestedInt64(object.Object, "spec", field)
		if err == nil && found && number == 0 {
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
