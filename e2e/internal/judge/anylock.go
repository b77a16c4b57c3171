package judge

import (
	"context"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"container-signing/e2e/internal/await"
	"container-signing/e2e/internal/report"
	"container-signing/e2e/internal/workload"
)

// RuntimeRefuses is how containerd begins what it says of an image that its
// verifier has refused (core/transfer/local/pull.go of containerd).
const RuntimeRefuses = "blocked pull of "

// What a node's locks are called: that verifier, and kubelet itself, which pulls
// nothing by a name that can't be read.
const (
	RuntimeLock = "containerd's image verifier"
	kubeletLock = "kubelet"
)

// invalidName is the reason for which kubelet has a container wait then
// (pkg/kubelet/images/types.go of Kubernetes).
const invalidName = "InvalidImageName"

// nextLock completes the verdict on an object that was admitted, where any lock
// may stop it: some look at pods only, and not at what makes them, and a node may
// refuse an image.
func (t trial) nextLock(
	ctx context.Context, verdict *report.Verdict, document workload.Document, kept *unstructured.Unstructured,
) {
	verdict.Failure = fmt.Sprintf("document %d was admitted: no lock stops it", document.Number)
	pod := kept
	if document.Kind.Kind != podKind.Kind {
		stopped := t.podsStopped(ctx, verdict, document.Kind, kept)
		stay := document.Updates >= 0 && !replacesPods[document.Kind.Kind]
		if stopped || stay || !t.follower.hasNode {
			return
		}
		var err error
		if pod, err = t.follower.podOf(ctx, document, kept); err != nil {
			verdict.Failure += fmt.Sprintf(", and what a node does isn't known: %s", err)
			return
		}
	}
	if t.follower.hasNode {
		t.nodeStops(ctx, verdict, document, pod)
	}
}

// podsStopped completes the verdict if the pods of an object aren't admitted, or
// if that can't be known.
func (t trial) podsStopped(
	ctx context.Context, verdict *report.Verdict, kind workload.Kind, kept *unstructured.Unstructured,
) bool {
	err := t.applier.tryPodOf(ctx, kind, kept)
	if err == nil {
		return false
	}
	if answer := Classify(ctx, err); answer.Seen == report.Refused {
		answer.Tell(verdict)
		verdict.Passed, verdict.Failure = true, ""
		verdict.Detail = "the " + kind.Kind + " is admitted, its pods aren't"
	} else {
		verdict.Failure += ", and whether its pods are stopped isn't known: " + answer.Reason
	}
	return true
}

// controllers are the accounts that make the pods of a kind, in kube-system.
var controllers = map[string]string{
	"Deployment": "replicaset-controller", "ReplicaSet": "replicaset-controller",
	"ReplicationController": "replication-controller", "StatefulSet": "statefulset-controller",
	"DaemonSet": "daemon-set-controller", "Job": "job-controller", "CronJob": "job-controller",
}

// tryPodOf asks, by a dry run, for a pod as a controller makes it of an object,
// and under its name.
func (a applier) tryPodOf(ctx context.Context, kind workload.Kind, kept *unstructured.Unstructured) error {
	metadata := map[string]any{"generateName": kept.GetName() + "-"}
	for _, field := range []string{"labels", "annotations"} {
		if value, there := kind.PodMetadata(kept)[field]; there {
			metadata[field] = value
		}
	}
	pod := &unstructured.Unstructured{Object: map[string]any{"metadata": metadata, "spec": kind.PodSpec(kept)}}
	pod.SetGroupVersionKind(podKind.GroupVersionKind)
	pod.SetOwnerReferences([]metav1.OwnerReference{
		*metav1.NewControllerRef(kept, kind.GroupVersionKind),
	})
	asking, err := a.clients.as("system:serviceaccount:kube-system:" + controllers[kind.Kind])
	if err != nil {
		return err
	}
	pods := asking.Resource(podKind.GroupVersionResource()).Namespace(kept.GetNamespace())
	options := metav1.CreateOptions{FieldManager: FieldManager, DryRun: []string{metav1.DryRunAll}}
	_, err = pods.Create(ctx, pod, options)
	return err
}

// podOf waits for a pod that a controller makes of an object that was admitted.
func (f follower) podOf(
	ctx context.Context, document workload.Document, kept *unstructured.Unstructured,
) (*unstructured.Unstructured, error) {
	if document.Kind.Kind == "CronJob" {
		var err error
		if kept, err = f.jobOf(ctx, kept); err != nil {
			return nil, err
		}
	}
	var images []string
	if document.Updates >= 0 {
		images = imagesOf(document.Kind, kept)
	}
	return awaitPod(ctx, f.clients, kept, images)
}

// nodeStops completes the verdict by what a node makes of a pod.
func (t trial) nodeStops(
	ctx context.Context, verdict *report.Verdict, document workload.Document, pod *unstructured.Unstructured,
) {
	lock, refusal, err := t.follower.awaitPull(ctx, pod.GetNamespace(), pod.GetName(), t.suspects(document))
	switch {
	case err != nil:
		verdict.Failure += fmt.Sprintf(", and what the node does isn't known: %s", err)
	case lock == "":
		verdict.Failure, verdict.Runs = fmt.Sprintf("document %d runs: no lock stops it", document.Number), report.Runs
	default:
		verdict.Seen, verdict.Passed, verdict.Failure = report.Refused, true, ""
		verdict.Lock, verdict.Reason = lock, refusal
	}
}

// suspects are the names of the containers whose images must not run: of all, if
// it isn't any of theirs but that of a volume.
func (t trial) suspects(document workload.Document) []string {
	var good []string
	for _, image := range t.images {
		if image.Fault == "" {
			good = append(good, image.Reference)
		}
	}
	var all, suspects []string
	for _, container := range document.Kind.Containers(document.Object) {
		all = append(all, container.Name())
		if !slices.Contains(good, container.Image()) {
			suspects = append(suspects, container.Name())
		}
	}
	if len(suspects) == 0 {
		return all
	}
	return suspects
}

// awaitPull waits for what a node makes of an admitted pod's images, and returns
// which of its locks refuses one and why, or nothing if one of the suspect
// containers has been started.
func (f follower) awaitPull(
	ctx context.Context, namespace, name string, suspects []string,
) (lock, refusal string, err error) {
	see := func(pod *corev1.Pod, gone bool) error {
		if gone {
			return fmt.Errorf("it was deleted")
		}
		last := "nothing is known of its containers"
		started := false
		for _, status := range slices.Concat(
			pod.Status.InitContainerStatuses, pod.Status.ContainerStatuses, pod.Status.EphemeralContainerStatuses,
		) {
			waits := status.State.Waiting
			if waits == nil {
				started = started || slices.Contains(suspects, status.Name)
				continue
			}
			last = waits.Reason + " " + waits.Message
			if _, why, refused := strings.Cut(waits.Message, RuntimeRefuses); refused {
				lock, refusal = RuntimeLock, why
				return nil
			}
			if waits.Reason == invalidName {
				lock, refusal = kubeletLock, waits.Message
				return nil
			}
		}
		if started {
			return nil // it runs, or has run
		}
		return await.NotYet("%s", last)
	}
	err = await.Until(ctx, f.typed.CoreV1().Pods(namespace), await.Named(name), see)
	return lock, refusal, err
}
