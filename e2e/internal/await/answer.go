package await

import (
	"context"
	"fmt"
)

// Answer asks until the answer is good, and returns why it isn't when the
// context ends. It is for states of which a program tells nobody unless
// asked. It asks again as soon as it is answered, without a pause: such a
// state is short.
func Answer(ctx context.Context, what string, ask func(context.Context) error) error {
	var last error
	for ctx.Err() == nil {
		err := ask(ctx)
		if err == nil {
			return nil
		}
		if ctx.Err() == nil {
			last = err
		}
	}
	return fmt.Errorf("waiting until %s: %w; its last answer: %v", what, context.Cause(ctx), last)
}
