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

	"container-signing/e2e/internal/await"
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

// delete asks for the deletion of what was created. It also does so when ctx
// has ended, which is when it matters most.
func (c *cleanup) delete(ctx context.Context, clients clients) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanupLimit)
	defer cancel()
	background := metav1.DeletePropagationBackground
	options := metav1.DeleteOptions{PropagationPolicy: &background}
	var faults []error
	for _, name := range c.namespaces {
		err := clients.typed.CoreV1().Namespaces().Delete(ctx, name, options)
		faults = append(faults, leftBehind(err, "namespace", name))
	}
	for _, created := range c.objects {
		object, uid := created.object, created.object.GetUID()
		options.Preconditions = &metav1.Preconditions{UID: &uid}
		beside := clients.dynamic.Resource(created.resource).Namespace(object.GetNamespace())
		err := beside.Delete(ctx, object.GetName(), options)
		faults = append(faults, leftBehind(err, object.GetKind(), object.GetNamespace()+"/"+object.GetName()))
	}
	return errors.Join(faults...)
}

// goneLimit bounds the wait for the end of a namespace: pods have half a minute to
// end by themselves.
const goneLimit = 2 * time.Minute

// awaitGone waits until the namespaces are gone, and all in them. It also does so
// when ctx has ended.
func (c *cleanup) awaitGone(ctx context.Context, clients clients) error {
	ctx, cancel := await.Within(context.WithoutCancel(ctx), goneLimit)
	defer cancel()
	for _, name := range c.namespaces {
		if err := await.Gone(ctx, clients.typed.CoreV1().Namespaces(), await.Named(name)); err != nil {
			return fmt.Errorf("waiting for the end of namespace %q, which is left behind: %w", name, err)
		}
	}
	return nil
}

func leftBehind(err error, kind, name string) error {
	if err == nil || apierrors.IsNotFound(err) {
		return nil
	}
	return fmt.Errorf("deleting %s %q, which is left behind: %w", kind, name, err)
}
