package judge

import (
	"context"
	"fmt"
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

// RuntimeLock is what that verifier is called as a lock.
const RuntimeLock = "containerd's image verifier"

// nextLock completes the verdict on an object that was admitted, where any lock
// may stop it: some look at pods only, and not at what makes them, and a node may
// refuse an image.
func (t trial) nextLock(
	ctx context.Context, verdict *report.Verdict, document workload.Document, kept *unstructured.Unstructured,
) {
	verdict.Failure = fmt.Sprintf("document %d was admitted: no lock stops it", document.Number)
	if document.Kind.Kind != podKind.Kind {
		err := t.applier.tryPodOf(ctx, document.Kind, kept)
		if err == nil {
			return
		}
		answer := classify(ctx, err)
		verdict.Reason, verdict.Lock, verdict.Webhook = answer.reason, answer.lock, answer.webhook
		if answer.seen == report.Refused {
			verdict.Seen, verdict.Passed, verdict.Failure = report.Refused, true, ""
			verdict.Detail = "the " + document.Kind.Kind + " is admitted, its pods aren't"
		}
		return
	}
	if !t.follower.hasNode {
		return
	}
	refusal, err := t.follower.awaitPull(ctx, kept.GetNamespace(), kept.GetName())
	switch {
	case err != nil:
		verdict.Failure += fmt.Sprintf(", and what the node does isn't known: %s", err)
	case refusal == "":
		verdict.Failure, verdict.Runs = fmt.Sprintf("document %d runs: no lock stops it", document.Number), report.Runs
	default:
		verdict.Seen, verdict.Passed, verdict.Failure = report.Refused, true, ""
		verdict.Lock, verdict.Reason = RuntimeLock, refusal
	}
}

// tryPodOf asks, by a dry run, for a pod as a controller makes it of an object.
func (a applier) tryPodOf(ctx context.Context, kind workload.Kind, kept *unstructured.Unstructured) error {
	pod := &unstructured.Unstructured{Object: map[string]any{
		"metadata": map[string]any{"generateName": kept.GetName() + "-"}, "spec": kind.PodSpec(kept),
	}}
	pod.SetGroupVersionKind(podKind.GroupVersionKind)
	pod.SetOwnerReferences([]metav1.OwnerReference{
		*metav1.NewControllerRef(kept, kind.GroupVersionKind),
	})
	pods := a.clients.dynamic.Resource(podKind.GroupVersionResource()).Namespace(kept.GetNamespace())
	_, err := pods.Create(ctx, pod, metav1.CreateOptions{FieldManager: FieldManager, DryRun: []string{metav1.DryRunAll}})
	return err
}

// awaitPull waits for what a node makes of an admitted pod's images, and returns
// why it refuses one, or nothing if a container has been started.
func (f follower) awaitPull(ctx context.Context, namespace, name string) (refusal string, err error) {
	see := func(pod *corev1.Pod, gone bool) error {
		if gone {
			return fmt.Errorf("it was deleted")
		}
		last := "nothing is known of its containers"
		for _, status := range append(pod.Status.InitContainerStatuses, pod.Status.ContainerStatuses...) {
			if waits := status.State.Waiting; waits != nil {
				last = waits.Reason + " " + waits.Message
				_, why, refused := strings.Cut(waits.Message, RuntimeRefuses)
				if refused {
					refusal = why
					return nil
				}
				continue
			}
			return nil // it runs, or has run
		}
		return await.NotYet("%s", last)
	}
	return refusal, await.Until(ctx, f.typed.CoreV1().Pods(namespace), await.Named(name), see)
}
