package judge

import (
	"context"
	"errors"
	"slices"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/watch"
)

// next returns the next event of one of the given types.
func next(ctx context.Context, events <-chan watch.Event, types ...watch.EventType) (watch.Event, error) {
	for {
		select {
		case <-ctx.Done():
			return watch.Event{}, context.Cause(ctx)
		case event, open := <-events:
			if err := fault(ctx, event, open); err != nil {
				return event, err
			}
			if slices.Contains(types, event.Type) {
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
