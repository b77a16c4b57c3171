package bypass

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"sigs.k8s.io/yaml"

	"container-signing/e2e/internal/await"
	"container-signing/e2e/internal/judge"
	"container-signing/e2e/internal/report"
)

// manifest is the pod. It asks the registry even for an image that the node has
// already.
func (p podWay) manifest(images judge.Images) *corev1.Pod {
	return &corev1.Pod{
		TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "Pod"},
		ObjectMeta: metav1.ObjectMeta{Name: p.pod, Namespace: p.namespace},
		Spec: corev1.PodSpec{Containers: []corev1.Container{{
			Name: "main", Image: images[p.image].Reference, ImagePullPolicy: corev1.PullAlways,
			Command: []string{"sleep", "3600"},
		}}},
	}
}

// create creates the pod, which must be admitted.
func (p podWay) create(ctx context.Context, client kubernetes.Interface, images judge.Images) error {
	if err := await.ServiceAccount(ctx, client, p.namespace); err != nil {
		return err
	}
	options := metav1.CreateOptions{FieldManager: judge.FieldManager}
	if _, err := client.CoreV1().Pods(p.namespace).Create(ctx, p.manifest(images), options); err != nil {
		return fmt.Errorf("creating pod %q in namespace %q, where no policy applies: %w", p.pod, p.namespace, err)
	}
	return nil
}

// place gives the pod to the kubelet that takes static pods from a folder.
func (p podWay) place(folder string, images judge.Images) error {
	manifest, err := yaml.Marshal(p.manifest(images))
	if err != nil {
		return fmt.Errorf("encoding a static pod: %w", err)
	}
	if err := os.WriteFile(filepath.Join(folder, p.pod+".yaml"), manifest, 0o600); err != nil {
		return fmt.Errorf("writing a static pod: %w", err)
	}
	return nil
}

// judge waits for what the container runtime makes of the pod.
func (p podWay) judge(ctx context.Context, client kubernetes.Interface, image judge.Image) report.Verdict {
	verdict := p.verdictOn("Pod")
	switch refusal, err := p.awaitRuntime(ctx, client); {
	case err != nil:
		verdict.Failure = err.Error()
	case refusal == "":
		verdict.Seen, verdict.Runs = report.Admitted, report.Runs
		verdict.Detail = "past every policy; pulled and started"
	default:
		verdict.Seen, verdict.Reason = report.Refused, refusal
	}
	p.compare(&verdict, image)
	return verdict
}

// awaitRuntime waits for kubelet's events of the pod, and returns why the
// container runtime refuses its image, or nothing if its container is started.
// There are events also of pods that the API server doesn't have.
func (p podWay) awaitRuntime(ctx context.Context, client kubernetes.Interface) (refusal string, err error) {
	see := func(event *corev1.Event, gone bool) error {
		_, why, refused := strings.Cut(event.Message, judge.RuntimeRefuses)
		switch {
		case gone:
		case event.Reason == "Started":
			return nil
		case event.Reason == "Failed" && refused:
			refusal = why
			return nil
		case event.Reason == "Failed" && strings.HasPrefix(event.Message, "Failed to pull"):
			return errors.New("its image wasn't pulled for another reason than the verifier's: " + event.Message)
		}
		return await.NotYet("%s", event.Message)
	}
	events := client.CoreV1().Events(p.namespace)
	if err := await.Until(ctx, events, await.Where("involvedObject.name", p.pod), see); err != nil {
		return "", fmt.Errorf("waiting for kubelet's events of pod %q: %w", p.pod, err)
	}
	return refusal, nil
}

// delete deletes the pod, so that nobody tries to pull again.
func (p podWay) delete(ctx context.Context, client kubernetes.Interface) error {
	now := int64(0)
	options := metav1.DeleteOptions{GracePeriodSeconds: &now}
	if err := client.CoreV1().Pods(p.namespace).Delete(ctx, p.pod, options); err != nil {
		return fmt.Errorf("deleting pod %q: %w", p.pod, err)
	}
	return nil
}
