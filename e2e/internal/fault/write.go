package fault

import (
	"context"
	"fmt"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"

	"container-signing/e2e/internal/judge"
)

// create creates an object, and deletes it at once if it is a signed one: that it
// was admitted is all that is asked.
func create(
	ctx context.Context, client rest.Interface, resource string, object metav1.Object, class class,
) (string, error) {
	named, limit := resource+"/"+object.GetName(), serverLimit(ctx)
	err := client.Post().Namespace(Namespace).Resource(resource).Timeout(limit).MaxRetries(0).
		VersionedParams(&metav1.CreateOptions{FieldManager: judge.FieldManager}, scheme.ParameterCodec).
		Body(object).Do(ctx).Error()
	if err != nil || class != signed {
		return named, err
	}
	now, background := int64(0), metav1.DeletePropagationBackground
	options := &metav1.DeleteOptions{GracePeriodSeconds: &now, PropagationPolicy: &background}
	// What stays is in nobody's way.
	_ = client.Delete().Namespace(Namespace).Resource(resource).Name(object.GetName()).Timeout(limit).
		Body(options).Do(ctx).Error()
	return named, nil
}

// serverLimit is how long the API server may take for a try: it is to answer
// before nobody waits any more.
func serverLimit(ctx context.Context) time.Duration {
	deadline, _ := ctx.Deadline() // which each try has
	return time.Until(deadline) - answering
}

// patch changes an object all the time, with a number that is in turn 0 and 1.
func patch(name string, client rest.Interface, resource, object, patch string) actor {
	try := func(ctx context.Context, number int) (string, error) {
		body := fmt.Appendf(nil, patch, number%2)
		return resource + "/" + object, client.Patch(types.MergePatchType).Namespace(Namespace).Resource(resource).
			Name(object).Timeout(serverLimit(ctx)).MaxRetries(0).Body(body).Do(ctx).Error()
	}
	return actor{name: name, class: update, patience: updatePatience, try: try}
}

// admitted lists what is there though it is unsigned: also what somebody was
// never told of.
func (p *Place) admitted(ctx context.Context) (names []string, err error) {
	selected := metav1.ListOptions{LabelSelector: label + "=" + string(unsigned)}
	pods, err := p.client.CoreV1().Pods(Namespace).List(ctx, selected)
	if err != nil {
		return nil, fmt.Errorf("looking for unsigned pods: %w", err)
	}
	for _, pod := range pods.Items {
		names = append(names, "pods/"+pod.Name)
	}
	deployments, err := p.client.AppsV1().Deployments(Namespace).List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, fmt.Errorf("looking for unsigned Deployments: %w", err)
	}
	for _, one := range deployments.Items {
		if isUnsigned(one) {
			names = append(names, "deployments/"+one.Name)
		}
	}
	return names, nil
}

func isUnsigned(one appsv1.Deployment) bool {
	return one.Name != before && one.Spec.Template.Labels[label] == string(unsigned)
}
