package judge

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"container-signing/e2e/internal/workload"
)

// cleanupLimit bounds the time for asking for deletions.
const cleanupLimit = 10 * time.Second

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
func (j *judge) ensureNamespace(ctx context.Context, name string) error {
	_, err := j.typed.CoreV1().Namespaces().Create(ctx,
		&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}}, metav1.CreateOptions{})
	switch {
	case err == nil:
		j.created.namespace(name)
	case !apierrors.IsAlreadyExists(err):
		return err
	}
	return j.awaitServiceAccount(ctx, name)
}

// awaitServiceAccount waits for the service account that pods run as. The API
// server refuses pods until the controller manager has made it.
func (j *judge) awaitServiceAccount(ctx context.Context, namespace string) error {
	ctx, cancel := context.WithTimeoutCause(ctx, j.Limit, fmt.Errorf("it isn't there after %s; is kube-controller-manager running?", j.Limit))
	defer cancel()
	accounts, err := j.typed.CoreV1().ServiceAccounts(namespace).Watch(ctx,
		metav1.ListOptions{FieldSelector: fields.OneTermEqualSelector("metadata.name", "default").String()})
	if err == nil {
		defer accounts.Stop()
		_, err = next(ctx, accounts.ResultChan())
	}
	if err != nil {
		return fmt.Errorf("waiting for ServiceAccount \"default\" in namespace %q: %w", namespace, err)
	}
	return nil
}

// cleanup remembers what was created.
type cleanup struct {
	mu         sync.Mutex
	namespaces []string
	objects    []createdObject
}

type createdObject struct {
	resource schema.GroupVersionResource
	object   *unstructured.Unstructured
}

func (c *cleanup) namespace(name string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.namespaces = append(c.namespaces, name)
}

func (c *cleanup) object(resource schema.GroupVersionResource, object *unstructured.Unstructured) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.objects = append(c.objects, createdObject{resource, object})
}

// withCleanup deletes what was created, and adds to err what went wrong with
// that. It also does so when ctx is done, which is when it matters most.
func (j *judge) withCleanup(ctx context.Context, err error) error {
	if j.Keep {
		return err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanupLimit)
	defer cancel()
	background := metav1.DeletePropagationBackground
	faults := []error{err}
	for _, name := range j.created.namespaces {
		deletion := j.typed.CoreV1().Namespaces().Delete(ctx, name, metav1.DeleteOptions{PropagationPolicy: &background})
		faults = append(faults, leftBehind(deletion, "namespace", name))
	}
	for _, c := range j.created.objects {
		uid := c.object.GetUID()
		deletion := j.dynamic.Resource(c.resource).Namespace(c.object.GetNamespace()).Delete(ctx, c.object.GetName(),
			metav1.DeleteOptions{PropagationPolicy: &background, Preconditions: &metav1.Preconditions{UID: &uid}})
		faults = append(faults, leftBehind(deletion, c.object.GetKind(), c.object.GetNamespace()+"/"+c.object.GetName()))
	}
	return errors.Join(faults...)
}

func leftBehind(err error, kind, name string) error {
	if err == nil || apierrors.IsNotFound(err) {
		return nil
	}
	return fmt.Errorf("deleting %s %q, which is left behind: %w", kind, name, err)
}
