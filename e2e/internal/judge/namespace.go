package judge

import (
	"context"
	"fmt"

	"golang.org/x/sync/errgroup"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/watch"

	"container-signing/e2e/internal/workload"
)

// prepare makes one namespace for all workloads that name none, and those
// that are named and missing. One for each workload would be tidier, and
// would make each wait for a service account of its own.
func (j *judge) prepare(ctx context.Context, workloads []workload.Workload) error {
	namespace, err := j.typed.CoreV1().Namespaces().Create(ctx,
		&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: "workloads-"}}, metav1.CreateOptions{})
	if err != nil {
		return err
	}
	j.namespace = namespace.Name
	j.created.namespace(namespace.Name)
	names := map[string]bool{namespace.Name: true}
	work, ctx := errgroup.WithContext(ctx)
	work.Go(func() error { return j.awaitServiceAccount(ctx, namespace.Name) })
	for _, w := range workloads {
		for _, document := range w.Documents {
			name := document.Object.GetNamespace()
			if name == "" || names[name] {
				continue
			}
			names[name] = true
			work.Go(func() error { return j.ensureNamespace(ctx, name) })
		}
	}
	return work.Wait()
}

// ensureNamespace creates a namespace that a manifest names, if it is missing.
// One that is being deleted, such as by a run before, is waited for.
func (j *judge) ensureNamespace(ctx context.Context, name string) error {
	namespaces := j.typed.CoreV1().Namespaces()
	present, err := namespaces.Get(ctx, name, metav1.GetOptions{})
	if err == nil && present.DeletionTimestamp != nil {
		if err := j.awaitDeletion(ctx, present); err != nil {
			return fmt.Errorf("waiting for the end of namespace %q, which is being deleted: %w", name, err)
		}
	}
	if apierrors.IsNotFound(err) || err == nil && present.DeletionTimestamp != nil {
		_, err = namespaces.Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}}, metav1.CreateOptions{})
		if err == nil {
			j.created.namespace(name)
		}
	}
	if err != nil {
		return err
	}
	return j.awaitServiceAccount(ctx, name)
}

// awaitDeletion returns when a namespace is gone.
func (j *judge) awaitDeletion(ctx context.Context, namespace *corev1.Namespace) error {
	ctx, cancel := j.limited(ctx)
	defer cancel()
	changes, err := j.typed.CoreV1().Namespaces().Watch(ctx, named(namespace.Name))
	if err != nil {
		return err
	}
	defer changes.Stop()
	// It may have gone before the watch began.
	if _, err := j.typed.CoreV1().Namespaces().Get(ctx, namespace.Name, metav1.GetOptions{}); apierrors.IsNotFound(err) {
		return nil
	}
	_, err = next(ctx, changes.ResultChan(), watch.Deleted)
	return err
}

// awaitServiceAccount waits for the service account that pods run as. The API
// server refuses pods until the controller manager has made it.
func (j *judge) awaitServiceAccount(ctx context.Context, namespace string) error {
	ctx, cancel := j.limited(ctx)
	defer cancel()
	accounts, err := j.typed.CoreV1().ServiceAccounts(namespace).Watch(ctx, named("default"))
	if err == nil {
		defer accounts.Stop()
		_, err = next(ctx, accounts.ResultChan(), watch.Added)
	}
	if err != nil {
		return fmt.Errorf("waiting for ServiceAccount \"default\" in namespace %q, which kube-controller-manager makes: %w", namespace, err)
	}
	return nil
}

// limited bounds a wait.
func (j *judge) limited(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeoutCause(ctx, j.Limit, fmt.Errorf("it took longer than %s", j.Limit))
}

// named selects one object.
func named(name string) metav1.ListOptions {
	return metav1.ListOptions{FieldSelector: fields.OneTermEqualSelector("metadata.name", name).String()}
}
