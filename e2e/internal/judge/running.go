package judge

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/kubernetes"

	"container-signing/e2e/internal/await"
)

// awaitRuns waits until each wanted container of a pod runs, or has done what
// it had to do, and checks that the container runtime runs the pinned image. It
// returns which of the two the containers do.
func awaitRuns(
	ctx context.Context, client kubernetes.Interface, namespace, name string, wanted []wantedImage, images Images,
) (does string, err error) {
	last := "nothing is known of its containers"
	err = await.Until(ctx, client.CoreV1().Pods(namespace), await.Named(name), func(pod *corev1.Pod, gone bool) error {
		if gone {
			return fmt.Errorf("it was deleted before it ran: %s", last)
		}
		if does, last = whatContainersDo(pod, wanted); last == "" {
			return checkImageIDs(pod, wanted, images)
		}
		if pod.Status.Phase == corev1.PodFailed {
			return fmt.Errorf("it failed: %s", last)
		}
		return await.NotYet("%s", last)
	})
	if err != nil {
		return "", fmt.Errorf("pod %q doesn't run as it must: %w", name, err)
	}
	return does, nil
}

// whatContainersDo returns "running" or "completed" if all wanted containers
// do what they must, and otherwise why that isn't so yet.
func whatContainersDo(pod *corev1.Pod, wanted []wantedImage) (does, why string) {
	does = "running"
	for _, want := range wanted {
		status, found := statusOf(pod, want)
		switch {
		case !found:
			return "", fmt.Sprintf("container %q hasn't been started%s", want.container, unscheduled(pod))
		case status.State.Waiting != nil:
			waits := status.State.Waiting
			return "", fmt.Sprintf("container %q waits: %s %s", want.container, waits.Reason, waits.Message)
		case status.State.Terminated != nil && status.State.Terminated.ExitCode != 0:
			ended := status.State.Terminated
			return "", fmt.Sprintf("container %q ended with exit code %d", want.container, ended.ExitCode)
		case status.State.Terminated != nil && want.list == "containers":
			does = "completed"
		case status.State.Running != nil && want.list == "containers" && !status.Ready:
			return "", fmt.Sprintf("container %q isn't ready", want.container)
		}
	}
	if does == "running" && !slices.ContainsFunc(pod.Status.Conditions, isReady) {
		return "", "the pod isn't ready"
	}
	return does, ""
}

func isReady(condition corev1.PodCondition) bool {
	return condition.Type == corev1.PodReady && condition.Status == corev1.ConditionTrue
}

// unscheduled tells why a pod has no node, if that is so.
func unscheduled(pod *corev1.Pod) string {
	for _, condition := range pod.Status.Conditions {
		if condition.Type == corev1.PodScheduled && condition.Status != corev1.ConditionTrue {
			return ": " + condition.Message
		}
	}
	return ""
}

func statusOf(pod *corev1.Pod, want wantedImage) (corev1.ContainerStatus, bool) {
	statuses := map[string][]corev1.ContainerStatus{
		"initContainers": pod.Status.InitContainerStatuses, "containers": pod.Status.ContainerStatuses,
		"ephemeralContainers": pod.Status.EphemeralContainerStatuses,
	}[want.list]
	i := slices.IndexFunc(statuses, func(s corev1.ContainerStatus) bool { return s.Name == want.container })
	if i < 0 {
		return corev1.ContainerStatus{}, false
	}
	return statuses[i], true
}

// checkImageIDs compares what the container runtime says it runs with what is
// pinned.
func checkImageIDs(pod *corev1.Pod, wanted []wantedImage, images Images) error {
	for _, want := range wanted {
		status, _ := statusOf(pod, want)
		_, digest, named := strings.Cut(status.ImageID, "@")
		if !named || status.ContainerID == "" {
			return fmt.Errorf("container %q runs image %q as container %q: no digest of it, or no container, is known",
				want.container, status.ImageID, status.ContainerID)
		}
		if want.digest != "" && digest != want.digest && !slices.Contains(images.sameContent(want.digest), digest) {
			return fmt.Errorf("container %q runs %s instead of the pinned %s", want.container, digest, want.digest)
		}
	}
	return nil
}

// awaitCompletion waits until a Job is complete.
func awaitCompletion(ctx context.Context, client kubernetes.Interface, namespace, name string) error {
	see := func(job *batchv1.Job, gone bool) error {
		if gone {
			return errors.New("it was deleted before it was complete")
		}
		for _, condition := range job.Status.Conditions {
			switch {
			case condition.Status != corev1.ConditionTrue:
			case condition.Type == batchv1.JobComplete:
				return nil
			case condition.Type == batchv1.JobFailed:
				return fmt.Errorf("it failed: %s", condition.Message)
			}
		}
		return await.NotYet("%d pods of it run, %d have succeeded, %d have failed",
			job.Status.Active, job.Status.Succeeded, job.Status.Failed)
	}
	if err := await.Until(ctx, client.BatchV1().Jobs(namespace), await.Named(name), see); err != nil {
		return fmt.Errorf("waiting for Job %q to complete: %w", name, err)
	}
	return nil
}
