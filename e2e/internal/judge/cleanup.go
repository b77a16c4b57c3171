package judge

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// cleanupLimit bounds the time for asking for deletions.
const cleanupLimit = 10 * time.Second

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
