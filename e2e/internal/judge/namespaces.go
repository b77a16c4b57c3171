package judge

import (
	"context"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"container-signing/e2e/internal/await"
	"container-signing/e2e/internal/workload"
)

// namespaces prepares those that workloads are applied in.
type namespaces struct {
	client  kubernetes.Interface
	limit   time.Duration // of a wait
	created *cleanup
}

// prepare makes one namespace for all workloads that name none, which it
// returns, and those that are named and missing. One for each workload would be
// tidier, and would make each wait for a service account of its own.
func (n namespaces) prepare(ctx context.Context, workloads []workload.Workload) (string, error) {
	common, err := n.client.CoreV1().Namespaces().Create(ctx,
		&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: "workloads-"}}, metav1.CreateOptions{})
	if err != nil {
		return "", err
	}
	n.created.namespace(common.Name)
	names := map[string]bool{common.Name: true}
	work, ctx := errgroup.WithContext(ctx)
	work.Go(func() error { return n.awaitServiceAccount(ctx, common.Name) })
	for _, w := range workloads {
		for _, document := range w.Documents {
			name := document.Object.GetNamespace()
			if name == "" || names[name] {
				continue
			}
			names[name] = true
			work.Go(func() error { return n.ensure(ctx, name, document.Request.NamespaceLabels) })
		}
	}
	return common.Name, work.Wait()
}

// ensure creates a namespace that a manifest names, if it is missing. One that
// is being deleted, such as by a run before, is waited for.
func (n namespaces) ensure(ctx context.Context, name string, labels map[string]string) error {
	all := n.client.CoreV1().Namespaces()
	present, err := all.Get(ctx, name, metav1.GetOptions{})
	leaving := err == nil && present.DeletionTimestamp != nil
	if leaving {
		if err := n.awaitDeletion(ctx, name); err != nil {
			return fmt.Errorf("waiting for the end of namespace %q, which is being deleted: %w", name, err)
		}
	}
	if leaving || apierrors.IsNotFound(err) {
		namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: labels}}
		_, err = all.Create(ctx, namespace, metav1.CreateOptions{})
		if err == nil {
			n.created.namespace(name)
		}
	}
	if err != nil {
		return err
	}
	return n.awaitServiceAccount(ctx, name)
}

func (n namespaces) awaitDeletion(ctx context.Context, name string) error {
	ctx, cancel := await.Within(ctx, n.limit)
	defer cancel()
	return await.Gone(ctx, n.client.CoreV1().Namespaces(), await.Named(name))
}

func (n namespaces) awaitServiceAccount(ctx context.Context, name string) error {
	ctx, cancel := await.Within(ctx, n.limit)
	defer cancel()
	return await.ServiceAccount(ctx, n.client, name)
}
