package await

import (
	"context"
	"fmt"
	"sync"

	"github.com/go-logr/logr"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/tools/cache"
	watchtools "k8s.io/client-go/tools/watch"
)

// A Resource is what a client lists and watches, such as the pods of a
// namespace.
type Resource[L runtime.Object] interface {
	List(ctx context.Context, options metav1.ListOptions) (L, error)
	Watch(ctx context.Context, options metav1.ListOptions) (watch.Interface, error)
}

// follow calls look with each change of the selected objects, and once without
// a change when all are known that were there at first. Present are those that
// are there. It returns when look returns no error, or one that isn't [NotYet].
func follow[L runtime.Object](
	ctx context.Context, resource Resource[L], selection metav1.ListOptions,
	look func(present cache.Indexer, change *watch.Event) error,
) error {
	requests, stop := context.WithCancel(ctx)
	defer stop()
	answers := &answers{forbidden: make(chan error, 1)}
	// The log of the library is of no use to a person: answers has the errors.
	present, informer, changes, _ := watchtools.NewIndexerInformerWatcherWithLogger(
		logr.Discard(), source(requests, resource, selection, answers), nil)
	// Its end isn't waited for: it may have a pause between two requests.
	defer changes.Stop()
	known := informer.HasSyncedChecker().Done()
	last, seen := NotYet("nothing"), false
	for {
		select {
		case <-ctx.Done():
			return answers.explain(context.Cause(ctx), last)
		case err := <-answers.forbidden:
			return err
		case <-known:
			known = nil
			// A change that was seen before says more.
			if err := look(present, nil); !seen || !goesOn(err) {
				last = err
			}
		case change := <-changes.ResultChan():
			last, seen = look(present, &change), true
		}
		if !goesOn(last) {
			return last
		}
	}
}

// source makes the requests of an informer, as long as ctx lasts.
func source[L runtime.Object](
	ctx context.Context, resource Resource[L], selection metav1.ListOptions, answers *answers,
) cache.ListerWatcher {
	narrow := func(options metav1.ListOptions) metav1.ListOptions {
		options.FieldSelector, options.LabelSelector = selection.FieldSelector, selection.LabelSelector
		return options
	}
	return &cache.ListWatch{
		ListWithContextFunc: func(_ context.Context, options metav1.ListOptions) (runtime.Object, error) {
			list, err := resource.List(ctx, narrow(options))
			return list, answers.note(ctx, err)
		},
		WatchFuncWithContext: func(_ context.Context, options metav1.ListOptions) (watch.Interface, error) {
			stream, err := resource.Watch(ctx, narrow(options))
			return stream, answers.note(ctx, err)
		},
	}
}

// answers keeps what the API server says to the requests of an informer, which
// only writes it to a log and asks again.
type answers struct {
	mu        sync.Mutex
	err       error // of the last request
	forbidden chan error
}

// note keeps the error of a request, if it isn't the end of ctx, and hands it
// on.
func (a *answers) note(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return err
	}
	if apierrors.IsForbidden(err) || apierrors.IsUnauthorized(err) {
		select {
		case a.forbidden <- err:
		default: // it is told already
		}
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.err = err
	return err
}

// explain adds to the cause of a wait's end what was seen and answered last.
func (a *answers) explain(cause, seen error) error {
	cause = fmt.Errorf("%w (last seen: %s)", cause, seen)
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.err != nil {
		cause = fmt.Errorf("%w (the API server's last answer: %s)", cause, a.err)
	}
	return cause
}
