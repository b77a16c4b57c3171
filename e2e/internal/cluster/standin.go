package cluster

import (
	"context"
	"errors"
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
)

// createStandIn creates what Kyverno would have its rights by, and the Deployment
// by which it is known to whoever would scale it to nothing. Kyverno itself runs
// beside the API server: this one is paused from the beginning, so that no pods are
// made of it.
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
	if err := createRights(ctx, client); err != nil {
		return fmt.Errorf("creating what Kyverno would have its rights by: %w", err)
	}
	return nil
}

// createRights creates what Kyverno would have its rights by, as its chart does.
// Ours is an administrator.
func createRights(ctx context.Context, client kubernetes.Interface) error {
	named := func(suffix string) metav1.ObjectMeta {
		return metav1.ObjectMeta{
			Name:   kyvernoRole + suffix,
			Labels: map[string]string{"rbac.kyverno.io/aggregate-to-admission-controller": "true"},
		}
	}
	reading := []rbacv1.PolicyRule{{
		APIGroups: []string{"policies.kyverno.io"}, Resources: []string{"*"}, Verbs: []string{"get", "list", "watch"},
	}}
	ofOthers := &rbacv1.AggregationRule{ClusterRoleSelectors: []metav1.LabelSelector{{MatchLabels: named("").Labels}}}
	subjects := []rbacv1.Subject{{Kind: "ServiceAccount", Name: kyvernoAccount, Namespace: KyvernoNamespace}}
	by := func(kind string) rbacv1.RoleRef {
		return rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: kind, Name: kyvernoRole}
	}
	rbac, options := client.RbacV1(), metav1.CreateOptions{}
	_, whole := rbac.ClusterRoles().Create(ctx, &rbacv1.ClusterRole{
		ObjectMeta: metav1.ObjectMeta{Name: kyvernoRole}, AggregationRule: ofOthers, Rules: reading,
	}, options)
	_, part := rbac.ClusterRoles().Create(ctx, &rbacv1.ClusterRole{ObjectMeta: named(":core"), Rules: reading}, options)
	_, bound := rbac.ClusterRoleBindings().Create(ctx, &rbacv1.ClusterRoleBinding{
		ObjectMeta: named(""), RoleRef: by("ClusterRole"), Subjects: subjects,
	}, options)
	_, own := rbac.Roles(KyvernoNamespace).Create(ctx, &rbacv1.Role{ObjectMeta: named(""), Rules: reading}, options)
	_, ownBound := rbac.RoleBindings(KyvernoNamespace).Create(ctx, &rbacv1.RoleBinding{
		ObjectMeta: named(""), RoleRef: by("Role"), Subjects: subjects,
	}, options)
	_, account := client.CoreV1().ServiceAccounts(KyvernoNamespace).Create(ctx, &corev1.ServiceAccount{
		ObjectMeta: metav1.ObjectMeta{Name: kyvernoAccount},
	}, options)
	return errors.Join(whole, part, bound, own, ownBound, account)
}
