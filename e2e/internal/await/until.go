// Package await waits for states of a cluster: by watching objects where the
// API server tells of their changes, and by asking where nobody tells.
package await

import (
	"context"
	"errors"
	"fmt"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/tools/cache"
)

// Within bounds a wait. Its context's cause then says how long that was.
func Within(ctx context.Context, limit time.Duration) (context.Context, context.CancelFunc) {
	return context.WithTimeoutCause(ctx, limit, fmt.Errorf("it took longer than %s", limit))
}

// Named selects one object by its name.
func Named(name string) metav1.ListOptions { return Where("metadata.name", name) }

// Where selects objects by the value of a field.
func Where(field, value string) metav1.ListOptions {
	return metav1.ListOptions{FieldSelector: fields.OneTermEqualSelector(field, value).String()}
}

// notYet tells what is missing to the state that is waited for.
type notYet struct{ error }

// NotYet returns an error by which [Until] goes on waiting. Its text is what
// was seen last if the wait is given up.
func NotYet(format string, args ...any) error { return notYet{fmt.Errorf(format, args...)} }

func goesOn(err error) bool { return errors.As(err, new(notYet)) }

// Until shows see each object that the selection picks: as it is, again when
// it changes, and, as gone, when it is deleted. It returns when see returns no
// error, or another one than [NotYet]; or when ctx ends, with the cause of that
// and what was seen last.
//
// A watch that breaks off is taken up again. If the API server doesn't remember
// its place any more, the objects are listed anew: see is shown the latest
// state of each object, not every state before. What the API server forbids
// isn't asked again.
func Until[O, L runtime.Object](
	ctx context.Context, resource Resource[L], selection metav1.ListOptions, see func(object O, gone bool) error,
) error {
	return follow(ctx, resource, selection, func(_ cache.Indexer, event *watch.Event) error {
		if event == nil {
			return NotYet("nothing")
		}
		object, ok := event.Object.(O)
		if !ok {
			return fmt.Errorf("the API server sent a %T, not a %T", event.Object, object)
		}
		return see(object, event.Type == watch.Deleted)
	})
}

// Gone returns when there is no object, or no longer one, that the selection
// picks.
func Gone[L runtime.Object](ctx context.Context, resource Resource[L], selection metav1.ListOptions) error {
	return follow(ctx, resource, selection, func(present cache.Indexer, _ *watch.Event) error {
		if left := len(present.List()); left > 0 {
			return NotYet("%d of them", left)
		}
		return nil
	})
}
