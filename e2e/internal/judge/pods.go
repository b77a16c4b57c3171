package judge

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes"

	"container-signing/e2e/internal/await"
	"container-signing/e2e/internal/workload"
)

var podKind, _ = workload.KindNamed("Pod")

// errPodRefused is what ends the wait for a pod that is refused.
var errPodRefused = errors.New("one was refused")

// awaitPod waits for a pod that owner's selector picks, and that has the given
// images unless they are nil. It ends with an error when an admission webhook
// refuses a pod of owner's: controllers tell of that by an event.
func awaitPod(
	ctx context.Context, clients clients, owner *unstructured.Unstructured, images []string,
) (*unstructured.Unstructured, error) {
	selector, err := selectorOf(owner)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	var said atomic.Value // what its controller said last
	watching := make(chan struct{})
	go func() {
		defer close(watching)
		cancel(awaitRefusal(ctx, clients.typed, owner, &said))
	}()
	defer func() {
		cancel(nil)
		<-watching
	}()
	var found *unstructured.Unstructured
	pods := clients.dynamic.Resource(podKind.GroupVersionResource()).Namespace(owner.GetNamespace())
	its := metav1.ListOptions{LabelSelector: selector}
	err = await.Until(ctx, pods, its, func(pod *unstructured.Unstructured, gone bool) error {
		if present := imagesOf(podKind, pod); gone || images != nil && !slices.Equal(images, present) {
			return await.NotYet("pod %q with the images %q", pod.GetName(), present)
		}
		found = pod
		return nil
	})
	switch {
	case err == nil:
		return found, nil
	case errors.Is(err, errPodRefused):
		return nil, fmt.Errorf("its pods: %w", context.Cause(ctx))
	case said.Load() != nil:
		return nil, fmt.Errorf("its pods: none appeared: %w (its controller says: %s)", err, said.Load())
	}
	return nil, fmt.Errorf("its pods: none appeared: %w", err)
}

// awaitRefusal returns with errPodRefused when an admission webhook has refused
// a pod of owner's. Controllers try again after other faults, such as a
// conflict, which it keeps in said.
func awaitRefusal(
	ctx context.Context, client kubernetes.Interface, owner *unstructured.Unstructured, said *atomic.Value,
) error {
	see := func(event *corev1.Event, gone bool) error {
		if gone || !concerns(ctx, client, event, owner) {
			return await.NotYet("no event of it")
		}
		if strings.Contains(event.Message, "denied the request") {
			return fmt.Errorf("%w: %s", errPodRefused, event.Message)
		}
		said.Store(event.Message)
		return await.NotYet("%s", event.Message)
	}
	return await.Until(ctx, client.CoreV1().Events(owner.GetNamespace()), await.Where("reason", "FailedCreate"), see)
}

// concerns tells whether an event is about owner or about the ReplicaSet that
// a Deployment makes its pods by.
func concerns(
	ctx context.Context, client kubernetes.Interface, event *corev1.Event, owner *unstructured.Unstructured,
) bool {
	about := event.InvolvedObject
	if about.UID == owner.GetUID() {
		return true
	}
	if about.Kind != "ReplicaSet" || owner.GetKind() != "Deployment" {
		return false
	}
	replicaSet, err := client.AppsV1().ReplicaSets(about.Namespace).Get(ctx, about.Name, metav1.GetOptions{})
	return err == nil && metav1.IsControlledBy(replicaSet, owner)
}

// selectorOf returns the selector by which owner's controller finds its pods.
func selectorOf(owner *unstructured.Unstructured) (string, error) {
	field, _, err := unstructured.NestedMap(owner.Object, "spec", "selector")
	if err != nil || len(field) == 0 {
		return "", fmt.Errorf("%s %q has no selector of pods", owner.GetKind(), owner.GetName())
	}
	if owner.GetKind() == "ReplicationController" {
		set, _, err := unstructured.NestedStringMap(owner.Object, "spec", "selector")
		return labels.Set(set).String(), err
	}
	var selector metav1.LabelSelector
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(field, &selector); err != nil {
		return "", err
	}
	parsed, err := metav1.LabelSelectorAsSelector(&selector)
	if err != nil {
		return "", err
	}
	return parsed.String(), nil
}

// awaitScheduled waits until a DaemonSet's controller has looked for nodes
// and returns on how many it makes a pod.
func awaitScheduled(
	ctx context.Context, client kubernetes.Interface, daemonSet *unstructured.Unstructured,
) (nodes int32, err error) {
	see := func(current *appsv1.DaemonSet, gone bool) error {
		if gone {
			return errors.New("it was deleted")
		}
		nodes = current.Status.DesiredNumberScheduled
		if seen, wanted := current.Status.ObservedGeneration, daemonSet.GetGeneration(); seen < wanted {
			return await.NotYet("generation %d, not %d", seen, wanted)
		}
		return nil
	}
	sets := client.AppsV1().DaemonSets(daemonSet.GetNamespace())
	if err := await.Until(ctx, sets, await.Named(daemonSet.GetName()), see); err != nil {
		return 0, fmt.Errorf("its controller didn't look for nodes: %w", err)
	}
	return nodes, nil
}

// imagesOf lists the images of all containers of an object.
func imagesOf(kind workload.Kind, object *unstructured.Unstructured) []string {
	var images []string
	for _, container := range kind.Containers(object) {
		images = append(images, container.Image())
	}
	return images
}
