package await

import (
	"context"
	"errors"
	"fmt"
)

// Answer asks until there is no error, and returns the last one when ctx ends.
// It is for states that a program tells only to those who ask. It asks again as
// soon as it is answered, without a pause: what it waits for takes less than a
// second.
func Answer(ctx context.Context, what string, ask func(context.Context) error) error {
	last := errors.New("none")
	for ctx.Err() == nil {
		err := ask(ctx)
		if err == nil {
			return nil
		}
		if ctx.Err() == nil {
			last = err
		}
	}
	return fmt.Errorf("waiting until %s: %w (its last answer: %s)", what, context.Cause(ctx), last)
}
