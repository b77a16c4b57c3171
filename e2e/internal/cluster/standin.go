package cluster

import (
	"context"
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
)

// createStandIn creates the Deployment by which Kyverno is known to whoever
// would scale it to nothing. Kyverno itself runs beside the API server: this one
// is paused from the beginning, so that no pods are made of it.
func createStandIn(ctx context.Context, config *rest.Config) error {
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return fmt.Errorf("making a client: %w", err)
	}
	labels := map[string]string{"app.kubernetes.io/component": "admission-controller"}
	replicas := int32(1)
	standIn := &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Name: kyvernoAccount},
		Spec: appsv1.DeploymentSpec{
			Paused: true, Replicas: &replicas, Selector: &metav1.LabelSelector{MatchLabels: labels},
			Template: corev1.PodTemplateSpec{
				ObjectMeta: metav1.ObjectMeta{Labels: labels},
				Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "kyverno", Image: "kyverno"}}},
			},
		},
	}
	_, err = client.AppsV1().Deployments(KyvernoNamespace).Create(ctx, standIn, metav1.CreateOptions{})
	if err != nil {
		return fmt.Errorf("creating Deployment %q: %w", kyvernoAccount, err)
	}
	return nil
}
