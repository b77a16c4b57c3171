package judge

import (
	"context"
	"errors"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/watch"
)

// next returns the next event of a watch that tells of an object.
func next(ctx context.Context, events <-chan watch.Event) (watch.Event, error) {
	for {
		select {
		case <-ctx.Done():
			return watch.Event{}, context.Cause(ctx)
		case event, open := <-events:
			if err := fault(ctx, event, open); err != nil {
				return event, err
			}
			if event.Type == watch.Added || event.Type == watch.Modified {
				return event, nil
			}
		}
	}
}

// fault tells why a watch has nothing more to tell.
func fault(ctx context.Context, event watch.Event, open bool) error {
	switch {
	case !open && ctx.Err() != nil:
		return context.Cause(ctx)
	case !open:
		return errors.New("the API server ended the watch")
	case event.Type == watch.Error:
		return apierrors.FromObject(event.Object)
	}
	return nil
}
