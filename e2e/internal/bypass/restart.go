package bypass

import (
	"context"
	"fmt"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"

	"container-signing/e2e/internal/await"
	"container-signing/e2e/internal/judge"
	"container-signing/e2e/internal/report"
)

// A Restart restarts containerd and kubelet, and looks at what runs.
type Restart struct {
	Do func(context.Context) error
	// Running lists the IDs of the containers that the container runtime runs.
	Running func(context.Context) ([]string, error)
	// Processes tells by the names of these programs which processes they are:
	// with something that no other process has or had, such as an ID together
	// with the time of the start.
	Processes func(context.Context) (map[string]string, error)
}

// restarted are the programs that have to be other processes after a restart.
var restarted = []string{"containerd", "kubelet"}

// The Deployment whose pods are looked at with all others.
const (
	restartName = "restart/deployment"
	deployment  = "stays"
	image       = "signed"
)

// JudgeRestart judges whether all pods of controllers that run stay as they
// are over a restart, in the same containers, and whether another one can be
// started then. That ctx ends is no verdict: it returns the cause of that.
func JudgeRestart(ctx context.Context, cluster Cluster, restart Restart) (report.Verdict, error) {
	client, err := cluster.client()
	if err != nil {
		return report.Verdict{}, err
	}
	return try{judge: func(ctx context.Context) report.Verdict {
		verdict := report.Verdict{
			Workload: restartName, Kind: "Deployment", Expected: report.Admitted, Seen: report.Admitted,
		}
		var err error
		if verdict.Detail, err = restart.outlived(ctx, client, cluster.Images[image].Reference); err != nil {
			verdict.Failure = err.Error()
		} else {
			verdict.Passed, verdict.Runs = true, report.Runs
		}
		return verdict
	}}.do(ctx, cluster.limit())
}

// outlived returns what has been seen to outlive the restart.
func (r Restart) outlived(ctx context.Context, client kubernetes.Interface, image string) (string, error) {
	deployments := client.AppsV1().Deployments(metav1.NamespaceDefault)
	options := metav1.CreateOptions{FieldManager: judge.FieldManager, FieldValidation: metav1.FieldValidationStrict}
	if _, err := deployments.Create(ctx, deploymentOf(image), options); err != nil {
		return "", fmt.Errorf("creating Deployment %q: %w", deployment, err)
	}
	if err := awaitAvailable(ctx, client, 1); err != nil {
		return "", err
	}
	before, err := containersOf(ctx, client)
	if err != nil {
		return "", err
	}
	if err := r.restart(ctx); err != nil {
		return "", err
	}
	// That a second pod gets ready shows that both are at work again.
	twice, patching := []byte(`{"spec":{"replicas":2}}`), metav1.PatchOptions{FieldManager: judge.FieldManager}
	if _, err := deployments.Patch(ctx, deployment, types.MergePatchType, twice, patching); err != nil {
		return "", fmt.Errorf("scaling Deployment %q: %w", deployment, err)
	}
	if err := awaitAvailable(ctx, client, 2); err != nil {
		return "", fmt.Errorf("after the restart: %w", err)
	}
	after, err := containersOf(ctx, client)
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

// restart restarts, and makes sure that the programs are other processes then.
func (r Restart) restart(ctx context.Context) error {
	before, err := r.Processes(ctx)
	if err != nil {
		return fmt.Errorf("looking for processes before the restart: %w", err)
	}
	if err := r.Do(ctx); err != nil {
		return err
	}
	after, err := r.Processes(ctx)
	if err != nil {
		return fmt.Errorf("looking for processes after the restart: %w", err)
	}
	for _, program := range restarted {
		switch {
		case before[program] == "":
			return fmt.Errorf("no process of %s was found before the restart", program)
		case after[program] == "":
			return fmt.Errorf("no process of %s was found after the restart", program)
		case before[program] == after[program]:
			return fmt.Errorf("%s wasn't restarted: it still is %s", program, after[program])
		}
	}
	return nil
}

// deploymentOf is one of a single pod of one container that stays.
func deploymentOf(image string) *appsv1.Deployment {
	labels := map[string]string{"app": deployment}
	main := corev1.Container{Name: "main", Image: image, Command: []string{"sleep", "3600"}}
	return &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Name: deployment},
		Spec: appsv1.DeploymentSpec{
			Selector: &metav1.LabelSelector{MatchLabels: labels},
			Template: corev1.PodTemplateSpec{
				ObjectMeta: metav1.ObjectMeta{Labels: labels},
				Spec:       corev1.PodSpec{Containers: []corev1.Container{main}},
			},
		},
	}
}

// awaitAvailable waits until so many pods of the Deployment are available.
func awaitAvailable(ctx context.Context, client kubernetes.Interface, wanted int32) error {
	see := func(current *appsv1.Deployment, gone bool) error {
		if available := current.Status.AvailableReplicas; available != wanted || gone {
			return await.NotYet("%d are available", available)
		}
		return nil
	}
	deployments := client.AppsV1().Deployments(metav1.NamespaceDefault)
	if err := await.Until(ctx, deployments, await.Named(deployment), see); err != nil {
		return fmt.Errorf("waiting for %d pods of Deployment %q: %w", wanted, deployment, err)
	}
	return nil
}
