package bypass

import (
	"context"
	"fmt"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
)

// A container is one that runs in a pod.
type container struct {
	name     string // with its pod and namespace
	id       string
	restarts int32
	leaving  bool // its pod is being deleted
}

// containersOf lists those that run in pods of controllers, as kubelet says.
// Other pods may be in the middle of a change: kubelet replaces the containers
// of one whose image is updated.
func containersOf(ctx context.Context, client kubernetes.Interface) ([]container, error) {
	pods, err := client.CoreV1().Pods(metav1.NamespaceAll).List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, fmt.Errorf("listing pods: %w", err)
	}
	var found []container
	for _, pod := range pods.Items {
		if metav1.GetControllerOf(&pod) == nil {
			continue
		}
		status := pod.Status
		all := slices.Concat(status.InitContainerStatuses, status.ContainerStatuses, status.EphemeralContainerStatuses)
		for _, one := range all {
			if one.State.Running == nil {
				continue
			}
			_, id, _ := strings.Cut(one.ContainerID, "://")
			found = append(found, container{
				name: pod.Namespace + "/" + pod.Name + "/" + one.Name, id: id,
				restarts: one.RestartCount, leaving: pod.DeletionTimestamp != nil,
			})
		}
	}
	return found, nil
}

// changedBy tells which containers aren't what they were before: to kubelet,
// or to the container runtime, which runs those with the IDs running. Of pods
// that are being deleted nothing is expected.
func changedBy(before, after []container, running []string) []string {
	var changed []string
	for _, was := range before {
		i := slices.IndexFunc(after, func(c container) bool { return c.name == was.name })
		var what string
		switch {
		case was.leaving || i >= 0 && after[i].leaving:
			continue
		case i < 0:
			what = "doesn't run any more"
		case after[i].id != was.id || after[i].restarts != was.restarts:
			what = fmt.Sprintf("was container %s, restarted %d times, and is %s, restarted %d times",
				was.id, was.restarts, after[i].id, after[i].restarts)
		case !slices.Contains(running, was.id):
			what = fmt.Sprintf("is container %s, which the container runtime doesn't run", was.id)
		default:
			continue
		}
		changed = append(changed, was.name+" "+what)
	}
	return changed
}
