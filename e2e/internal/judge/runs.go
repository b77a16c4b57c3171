package judge

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/watch"
)

// awaitRuns waits until each wanted container of a pod runs, or has done what
// it had to do, and checks that the container runtime runs the pinned image. It
// returns which of the two the containers do.
func (j *judge) awaitRuns(ctx context.Context, namespace, name string, wanted []wantedImage) (string, error) {
	changes, err := j.typed.CoreV1().Pods(namespace).Watch(ctx, named(name))
	if err != nil {
		return "", fmt.Errorf("watching pod %q: %w", name, err)
	}
	defer changes.Stop()
	last := "nothing is known of its containers"
	for {
		select {
		case <-ctx.Done():
			return "", fmt.Errorf("pod %q doesn't run: %w: %s", name, context.Cause(ctx), last)
		case event, open := <-changes.ResultChan():
			if err := fault(ctx, event, open); err != nil {
				return "", fmt.Errorf("watching pod %q: %w", name, err)
			}
			pod, ok := event.Object.(*corev1.Pod)
			if !ok {
				continue
			}
			if event.Type == watch.Deleted {
				return "", fmt.Errorf("pod %q was deleted before it ran: %s", name, last)
			}
			does, why := whatContainersDo(pod, wanted)
			if why == "" {
				return does, j.checkImageIDs(pod, wanted)
			}
			if last = why; pod.Status.Phase == corev1.PodFailed {
				return "", fmt.Errorf("pod %q failed: %s", name, last)
			}
		}
	}
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
			return "", fmt.Sprintf("container %q waits: %s %s", want.container, status.State.Waiting.Reason, status.State.Waiting.Message)
		case status.State.Terminated != nil && status.State.Terminated.ExitCode != 0:
			return "", fmt.Sprintf("container %q ended with exit code %d", want.container, status.State.Terminated.ExitCode)
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
func (j *judge) checkImageIDs(pod *corev1.Pod, wanted []wantedImage) error {
	for _, want := range wanted {
		status, _ := statusOf(pod, want)
		_, digest, named := strings.Cut(status.ImageID, "@")
		if !named || status.ContainerID == "" {
			return fmt.Errorf("pod %q: container %q runs image %q as container %q: no digest of it, or no container, is known",
				pod.Name, want.container, status.ImageID, status.ContainerID)
		}
		if want.digest != "" && digest != want.digest && !slices.Contains(j.sameContent(want.digest), digest) {
			return fmt.Errorf("pod %q: container %q runs %s instead of the pinned %s", pod.Name, want.container, digest, want.digest)
		}
	}
	return nil
}

// sameContent returns the digests by which a container runtime may call the
// image with a digest.
func (j *judge) sameContent(digest string) []string {
	var same []string
	for _, image := range j.Images {
		if image.Digest == digest {
			same = append(same, image.SameContent...)
		}
	}
	return same
}

// awaitJob waits until a Job is complete.
func (j *judge) awaitJob(ctx context.Context, namespace, name string) error {
	changes, err := j.typed.BatchV1().Jobs(namespace).Watch(ctx, named(name))
	if err != nil {
		return fmt.Errorf("watching Job %q: %w", name, err)
	}
	defer changes.Stop()
	for {
		select {
		case <-ctx.Done():
			return fmt.Errorf("waiting for Job %q to complete: %w", name, context.Cause(ctx))
		case event, open := <-changes.ResultChan():
			if err := fault(ctx, event, open); err != nil {
				return fmt.Errorf("watching Job %q: %w", name, err)
			}
			job, ok := event.Object.(*batchv1.Job)
			if !ok {
				continue
			}
			for _, condition := range job.Status.Conditions {
				switch {
				case condition.Status != corev1.ConditionTrue:
				case condition.Type == batchv1.JobComplete:
					return nil
				case condition.Type == batchv1.JobFailed:
					return errors.New("the Job failed: " + condition.Message)
				}
			}
		}
	}
}

// runs waits until an admitted pod runs, where there is a node to run it, and
// returns what is to be said of it.
func (t *trial) runs(ctx context.Context, namespace, name string, wanted []wantedImage) (string, error) {
	if !t.HasNode {
		return "", nil
	}
	does, err := t.awaitRuns(ctx, namespace, name, wanted)
	if err != nil {
		return "", err
	}
	t.ran = true
	if t.OnRunning != nil {
		t.OnRunning()
	}
	return ", " + does, nil
}
