package judge

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"container-signing/e2e/internal/report"
)

// A Restart is something that pods have to outlive.
type Restart struct {
	// Name is that of the verdict, and of the Deployment whose pods are looked
	// at with all others. It takes the image with the name Image.
	Name, Deployment, Image string
	// Do restarts what runs the pods.
	Do func(context.Context) error
	// Running lists the IDs of the containers that the container runtime runs.
	Running func(context.Context) ([]string, error)
}

// JudgeRestart judges whether all pods of controllers that run stay as they
// are over a restart, in the same containers, and whether another one can be
// started then.
func JudgeRestart(ctx context.Context, options Options, r Restart) (report.Verdict, error) {
	j, err := newJudge(options)
	if err != nil {
		return report.Verdict{}, err
	}
	started := time.Now()
	ctx, cancel := j.limited(ctx)
	defer cancel()
	verdict := report.Verdict{Workload: r.Name, Kind: "Deployment", Expected: report.Admitted, Seen: report.Admitted}
	if verdict.Detail, err = j.restart(ctx, r); err != nil {
		verdict.Failure = err.Error()
	} else {
		verdict.Passed, verdict.Runs = true, report.Runs
	}
	verdict.Seconds = time.Since(started).Seconds()
	return verdict, nil
}

// restart returns what has been seen to outlive the restart.
func (j *judge) restart(ctx context.Context, r Restart) (string, error) {
	const namespace = metav1.NamespaceDefault
	deployments := j.typed.AppsV1().Deployments(namespace)
	options := metav1.CreateOptions{FieldManager: fieldManager, FieldValidation: metav1.FieldValidationStrict}
	if _, err := deployments.Create(ctx, deployment(r.Deployment, j.references[r.Image]), options); err != nil {
		return "", fmt.Errorf("creating Deployment %q: %w", r.Deployment, err)
	}
	if err := j.awaitAvailable(ctx, namespace, r.Deployment, 1); err != nil {
		return "", err
	}
	before, err := j.containers(ctx)
	if err != nil {
		return "", err
	}
	if err := r.Do(ctx); err != nil {
		return "", err
	}
	// That a second pod gets ready shows that both are at work again.
	_, err = deployments.Patch(ctx, r.Deployment, types.MergePatchType, []byte(`{"spec":{"replicas":2}}`), metav1.PatchOptions{FieldManager: fieldManager})
	if err != nil {
		return "", fmt.Errorf("scaling Deployment %q: %w", r.Deployment, err)
	}
	if err := j.awaitAvailable(ctx, namespace, r.Deployment, 2); err != nil {
		return "", fmt.Errorf("after the restart: %w", err)
	}
	after, err := j.containers(ctx)
	if err != nil {
		return "", err
	}
	running, err := r.Running(ctx)
	if err != nil {
		return "", err
	}
	if changed := changedBy(before, after, running); len(changed) > 0 {
		return "", fmt.Errorf("not all pods outlived the restart: %s", strings.Join(changed, "; "))
	}
	return fmt.Sprintf("%d containers stay as they are, another one starts", len(before)), nil
}

// deployment is one of a single pod of one container that stays.
func deployment(name, image string) *appsv1.Deployment {
	labels := map[string]string{"app": name}
	return &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec: appsv1.DeploymentSpec{
			Selector: &metav1.LabelSelector{MatchLabels: labels},
			Template: corev1.PodTemplateSpec{
				ObjectMeta: metav1.ObjectMeta{Labels: labels},
				Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "main", Image: image, Command: []string{"sleep", "3600"}}}},
			},
		},
	}
}

// awaitAvailable waits until so many pods of a Deployment are available.
func (j *judge) awaitAvailable(ctx context.Context, namespace, name string, wanted int32) error {
	changes, err := j.typed.AppsV1().Deployments(namespace).Watch(ctx, named(name))
	if err != nil {
		return fmt.Errorf("watching Deployment %q: %w", name, err)
	}
	defer changes.Stop()
	var available int32
	for available != wanted {
		select {
		case <-ctx.Done():
			return fmt.Errorf("waiting for %d pods of Deployment %q, of which %d are available: %w", wanted, name, available, context.Cause(ctx))
		case event, open := <-changes.ResultChan():
			if err := fault(ctx, event, open); err != nil {
				return fmt.Errorf("watching Deployment %q: %w", name, err)
			}
			if current, ok := event.Object.(*appsv1.Deployment); ok {
				available = current.Status.AvailableReplicas
			}
		}
	}
	return nil
}

// A container is one that runs in a pod.
type container struct {
	name     string // with its pod and namespace
	id       string
	restarts int32
	leaving  bool // its pod is being deleted
}

// containers lists those that run in pods of controllers, as kubelet says. Other
// pods may be in the middle of a change: kubelet replaces the containers of one
// whose image is updated.
func (j *judge) containers(ctx context.Context) ([]container, error) {
	pods, err := j.typed.CoreV1().Pods(metav1.NamespaceAll).List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, fmt.Errorf("listing pods: %w", err)
	}
	var found []container
	for _, pod := range pods.Items {
		if metav1.GetControllerOf(&pod) == nil {
			continue
		}
		for _, status := range slices.Concat(pod.Status.InitContainerStatuses, pod.Status.ContainerStatuses, pod.Status.EphemeralContainerStatuses) {
			if status.State.Running == nil {
				continue
			}
			_, id, _ := strings.Cut(status.ContainerID, "://")
			found = append(found, container{
				name: pod.Namespace + "/" + pod.Name + "/" + status.Name, id: id,
				restarts: status.RestartCount, leaving: pod.DeletionTimestamp != nil,
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
		is := slices.IndexFunc(after, func(c container) bool { return c.name == was.name })
		switch {
		case was.leaving || is >= 0 && after[is].leaving:
		case is < 0:
			changed = append(changed, was.name+" doesn't run any more")
		case after[is].id != was.id || after[is].restarts != was.restarts:
			changed = append(changed, fmt.Sprintf("%s was container %s, restarted %d times, and is %s, restarted %d times", was.name, was.id, was.restarts, after[is].id, after[is].restarts))
		case !slices.Contains(running, was.id):
			changed = append(changed, fmt.Sprintf("%s is container %s, which the container runtime doesn't run", was.name, was.id))
		}
	}
	return changed
}
