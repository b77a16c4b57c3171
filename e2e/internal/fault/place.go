package fault

import (
	"context"
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"container-signing/e2e/internal/await"
	"container-signing/e2e/internal/judge"
)

// Namespace is where all is tried.
const Namespace = "faults"

// The label that tells what is applied, and the objects that are there before
// the policies: what is in them isn't signed, but for what stays.
const (
	label  = "container-signing/image"
	before = "before"
	stays  = "stays"
)

// The images that are applied, by the names that workloads have for them.
const (
	signedImage    = "signed"
	unsignedImage  = "unsigned"
	byDigestImage  = "unsigned-by-digest"
	anotherCAImage = "signed-by-another-ca"
)

// A Place is a cluster in which parts are to fail.
type Place struct {
	Config *rest.Config
	Images judge.Images
	// Running lists the IDs of the containers that run; nil without a node.
	Running func(context.Context) ([]string, error)

	client kubernetes.Interface
}

// Prepare creates what is there before the policies.
func (p *Place) Prepare(ctx context.Context) (err error) {
	if p.client, err = kubernetes.NewForConfig(p.Config); err != nil {
		return fmt.Errorf("making a client: %w", err)
	}
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: Namespace}}
	if _, err := p.client.CoreV1().Namespaces().Create(ctx, namespace, metav1.CreateOptions{}); err != nil {
		return fmt.Errorf("creating namespace %q: %w", Namespace, err)
	}
	if err := await.ServiceAccount(ctx, p.client, Namespace); err != nil {
		return err
	}
	pod := p.pod(before, unsignedImage, "")
	if _, err := p.client.CoreV1().Pods(Namespace).Create(ctx, pod, metav1.CreateOptions{}); err != nil {
		return fmt.Errorf("creating pod %q: %w", before, err)
	}
	// Its template's pods would have to be refused.
	unsignedOne := p.deployment(before, unsignedImage, string(unsigned), 0)
	signedOne := p.deployment(stays, signedImage, "", 1)
	signedOne.Spec.Template.Spec.SchedulingGates = nil
	for _, one := range []*appsv1.Deployment{unsignedOne, signedOne} {
		if _, err := p.client.AppsV1().Deployments(Namespace).Create(ctx, one, metav1.CreateOptions{}); err != nil {
			return fmt.Errorf("creating Deployment %q: %w", one.Name, err)
		}
	}
	return p.awaitRunning(ctx)
}

// awaitRunning waits for the pod that stays, where there is a node.
func (p *Place) awaitRunning(ctx context.Context) error {
	if p.Running == nil {
		return nil
	}
	see := func(current *appsv1.Deployment, gone bool) error {
		if available := current.Status.AvailableReplicas; available < 1 || gone {
			return await.NotYet("%d are available", available)
		}
		return nil
	}
	if err := await.Until(ctx, p.client.AppsV1().Deployments(Namespace), await.Named(stays), see); err != nil {
		return fmt.Errorf("waiting for the pod of Deployment %q: %w", stays, err)
	}
	return nil
}

// pod is one that is never started: who may be admitted is asked, not whether it
// runs.
func (p *Place) pod(name, image, tells string) *corev1.Pod {
	template := p.template(image, tells)
	template.Name = name
	return &corev1.Pod{ObjectMeta: template.ObjectMeta, Spec: template.Spec}
}

func (p *Place) template(image, tells string) corev1.PodTemplateSpec {
	labels := map[string]string{"app": "traffic"}
	if tells != "" {
		labels[label] = tells
	}
	main := corev1.Container{Name: "main", Image: p.Images[image].Reference, Command: []string{"sleep", "3600"}}
	return corev1.PodTemplateSpec{
		ObjectMeta: metav1.ObjectMeta{Labels: labels},
		Spec: corev1.PodSpec{
			Containers:      []corev1.Container{main},
			SchedulingGates: []corev1.PodSchedulingGate{{Name: "container-signing/never"}},
		},
	}
}

func (p *Place) deployment(name, image, tells string, replicas int32) *appsv1.Deployment {
	template := p.template(image, tells)
	template.Labels["app"] = name
	return &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec: appsv1.DeploymentSpec{
			Replicas: &replicas,
			Selector: &metav1.LabelSelector{MatchLabels: map[string]string{"app": name}},
			Template: template,
		},
	}
}
