package judge

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/kubernetes"

	"container-signing/e2e/internal/report"
)

// A Bypass is a pod that no policy has judged. Whether its image is used is up
// to the container runtime alone.
type Bypass struct {
	// Name is that of the verdict.
	Name string
	// Pod and Namespace name the pod.
	Pod, Namespace string
	// Image is a name in Images.
	Image string
	// Because must match the image verifier's reason. It is nil if the pod
	// must run.
	Because *regexp.Regexp
}

// runtimeRefuses is how containerd begins what it says of an image that its
// verifier has refused (core/transfer/local/pull.go of containerd).
const runtimeRefuses = "blocked pull of "

// Manifest is the pod of b, which asks the registry even for an image that the
// node has already.
func (b Bypass) Manifest(images Images) *corev1.Pod {
	return &corev1.Pod{
		TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "Pod"},
		ObjectMeta: metav1.ObjectMeta{Name: b.Pod, Namespace: b.Namespace},
		Spec: corev1.PodSpec{Containers: []corev1.Container{{
			Name: "main", Image: images[b.Image].Reference, ImagePullPolicy: corev1.PullAlways, Command: []string{"sleep", "3600"},
		}}},
	}
}

// CreateBypass creates the pod of b, which must be admitted.
func CreateBypass(ctx context.Context, options Options, b Bypass) error {
	j, err := newJudge(options)
	if err != nil {
		return err
	}
	if err := j.awaitServiceAccount(ctx, b.Namespace); err != nil {
		return err
	}
	_, err = j.typed.CoreV1().Pods(b.Namespace).Create(ctx, b.Manifest(options.Images), metav1.CreateOptions{FieldManager: fieldManager})
	if err != nil {
		return fmt.Errorf("creating pod %q in namespace %q, where no policy applies: %w", b.Pod, b.Namespace, err)
	}
	return nil
}

// JudgeBypass waits for what the container runtime makes of the pod of b.
func JudgeBypass(ctx context.Context, options Options, b Bypass) (report.Verdict, error) {
	j, err := newJudge(options)
	if err != nil {
		return report.Verdict{}, err
	}
	started := time.Now()
	ctx, cancel := j.limited(ctx)
	defer cancel()
	verdict := runtimeVerdict(b.Name, "Pod", b.Because)
	said, err := awaitRuntime(ctx, j.typed, b)
	switch {
	case err != nil:
		verdict.Failure = err.Error()
	case said == "":
		verdict.Seen, verdict.Runs = report.Admitted, report.Runs
		verdict.Detail = "past every policy; pulled and started"
	default:
		verdict.Seen, verdict.Reason = report.Refused, said
	}
	completeRuntime(&verdict, b.Because, j.references[b.Image])
	verdict.Seconds = time.Since(started).Seconds()
	return verdict, nil
}

// runtimeVerdict begins a verdict on what only the container runtime can
// refuse. It must refuse for the reason that because matches; nil says that it
// must not.
func runtimeVerdict(name, kind string, because *regexp.Regexp) report.Verdict {
	verdict := report.Verdict{Workload: name, Kind: kind, Expected: report.Admitted, Seen: report.Failed}
	if because != nil {
		verdict.Expected, verdict.Policy = report.Refused, "containerd's image verifier"
	}
	return verdict
}

// completeRuntime compares what happened with what must happen.
func completeRuntime(verdict *report.Verdict, because *regexp.Regexp, reference string) {
	switch {
	case verdict.Failure != "":
	case verdict.Seen != verdict.Expected:
		verdict.Failure = fmt.Sprintf("the container runtime must have it %s", verdict.Expected)
	case because == nil:
		verdict.Passed = true
	case !because.MatchString(verdict.Reason):
		verdict.Failure = fmt.Sprintf("it was refused for another reason: nothing in it matches %q", because)
	case !strings.Contains(verdict.Reason, repository(reference)):
		verdict.Failure = fmt.Sprintf("it was refused for another reason: image %q isn't named", reference)
	default:
		verdict.Passed, verdict.Matched = true, because.FindString(verdict.Reason)
	}
}

// awaitRuntime waits for kubelet's events of a pod, and returns why the
// container runtime refuses its image, or nothing if its container is started.
// Events tell of pods that the API server doesn't have, too.
func awaitRuntime(ctx context.Context, client kubernetes.Interface, b Bypass) (string, error) {
	events, err := client.CoreV1().Events(b.Namespace).Watch(ctx,
		metav1.ListOptions{FieldSelector: fields.OneTermEqualSelector("involvedObject.name", b.Pod).String()})
	if err != nil {
		return "", fmt.Errorf("watching the events of pod %q: %w", b.Pod, err)
	}
	defer events.Stop()
	last := "none came"
	for {
		select {
		case <-ctx.Done():
			return "", fmt.Errorf("waiting for kubelet's events of pod %q: %w; the last: %s", b.Pod, context.Cause(ctx), last)
		case event, open := <-events.ResultChan():
			if err := fault(ctx, event, open); err != nil {
				return "", err
			}
			about, ok := event.Object.(*corev1.Event)
			if !ok || event.Type == watch.Deleted {
				continue
			}
			last = about.Message
			switch {
			case about.Reason == "Started":
				return "", nil
			case about.Reason == "Failed" && strings.Contains(last, runtimeRefuses):
				_, why, _ := strings.Cut(last, runtimeRefuses)
				return why, nil
			case about.Reason == "Failed" && strings.HasPrefix(last, "Failed to pull"):
				return "", errors.New("its image wasn't pulled for another reason than the verifier's: " + last)
			}
		}
	}
}

// DeleteBypass deletes the pod of b, so that nobody tries to pull again.
func DeleteBypass(ctx context.Context, options Options, b Bypass) error {
	client, err := kubernetes.NewForConfig(options.Config)
	if err != nil {
		return fmt.Errorf("making a client of the cluster: %w", err)
	}
	now := int64(0)
	if err := client.CoreV1().Pods(b.Namespace).Delete(ctx, b.Pod, metav1.DeleteOptions{GracePeriodSeconds: &now}); err != nil {
		return fmt.Errorf("deleting pod %q: %w", b.Pod, err)
	}
	return nil
}
