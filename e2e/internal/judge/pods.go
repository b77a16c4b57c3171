package judge

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/watch"

	"container-signing/e2e/internal/workload"
)

var podResource = schema.GroupVersionResource{Version: "v1", Resource: "pods"}

// awaitPod waits for a pod that owner's selector picks, and that has the given
// images unless they are nil. It ends with an error when an admission webhook
// refuses a pod of owner's: controllers tell of that by an event.
func (j *judge) awaitPod(ctx context.Context, owner *unstructured.Unstructured, images []string) (*unstructured.Unstructured, error) {
	selector, err := selectorOf(owner)
	if err != nil {
		return nil, err
	}
	pods, err := j.dynamic.Resource(podResource).Namespace(owner.GetNamespace()).Watch(ctx, metav1.ListOptions{LabelSelector: selector})
	if err != nil {
		return nil, fmt.Errorf("watching its pods: %w", err)
	}
	defer pods.Stop()
	refusals, err := j.typed.CoreV1().Events(owner.GetNamespace()).Watch(ctx,
		metav1.ListOptions{FieldSelector: fields.OneTermEqualSelector("reason", "FailedCreate").String()})
	if err != nil {
		return nil, fmt.Errorf("watching its events: %w", err)
	}
	defer refusals.Stop()
	pod, err := j.firstPod(ctx, owner, images, pods, refusals)
	if err != nil {
		return nil, fmt.Errorf("its pods: %w", err)
	}
	return pod, nil
}

// firstPod returns the first pod that a watch tells of, or why there is none.
func (j *judge) firstPod(ctx context.Context, owner *unstructured.Unstructured, images []string, pods, refusals watch.Interface) (*unstructured.Unstructured, error) {
	var lastFault string
	for {
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("no pod appeared: %w%s", context.Cause(ctx), lastFault)
		case event, open := <-pods.ResultChan():
			if err := fault(ctx, event, open); err != nil {
				return nil, err
			}
			pod, isPod := event.Object.(*unstructured.Unstructured)
			if isPod && event.Type != watch.Deleted && (images == nil || slices.Equal(images, imagesOf(podKind, pod))) {
				return pod, nil
			}
		case event, open := <-refusals.ResultChan():
			if err := fault(ctx, event, open); err != nil {
				return nil, err
			}
			failure, isEvent := event.Object.(*corev1.Event)
			if !isEvent || !j.concerns(ctx, failure, owner) {
				continue
			}
			if strings.Contains(failure.Message, "denied the request") {
				return nil, errors.New("one was refused: " + failure.Message)
			}
			// Controllers try again after other faults, such as a conflict.
			lastFault = "; its controller says: " + failure.Message
		}
	}
}

// concerns tells whether an event is about owner or about the ReplicaSet that
// a Deployment makes its pods by.
func (j *judge) concerns(ctx context.Context, event *corev1.Event, owner *unstructured.Unstructured) bool {
	about := event.InvolvedObject
	if about.UID == owner.GetUID() {
		return true
	}
	if about.Kind != "ReplicaSet" || owner.GetKind() != "Deployment" {
		return false
	}
	replicaSet, err := j.typed.AppsV1().ReplicaSets(about.Namespace).Get(ctx, about.Name, metav1.GetOptions{})
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
func (j *judge) awaitScheduled(ctx context.Context, daemonSet *unstructured.Unstructured) (int32, error) {
	changes, err := j.typed.AppsV1().DaemonSets(daemonSet.GetNamespace()).Watch(ctx, named(daemonSet.GetName()))
	if err != nil {
		return 0, fmt.Errorf("watching it: %w", err)
	}
	defer changes.Stop()
	for {
		event, err := next(ctx, changes.ResultChan(), watch.Added, watch.Modified)
		if err != nil {
			return 0, fmt.Errorf("its controller didn't look for nodes: %w", err)
		}
		current, ok := event.Object.(*appsv1.DaemonSet)
		if ok && current.Status.ObservedGeneration >= daemonSet.GetGeneration() {
			return current.Status.DesiredNumberScheduled, nil
		}
	}
}

// imagesOf lists the images of all containers of an object.
func imagesOf(kind workload.Kind, object *unstructured.Unstructured) []string {
	var images []string
	for _, container := range kind.Containers(object) {
		images = append(images, container.Image())
	}
	return images
}
