// Package signer runs an external program that makes a signature, and leaves
// nothing of it behind, however it behaves and whoever is killed.
//
// Between the plugin and the signer stands a guard: the plugin's own executable,
// started a second time. The plugin holds one end of a pipe, the lifeline, and
// the guard the other. When the lifeline closes, because the plugin is done or
// because it was killed, the guard ends the signer and all its descendants, which
// the kernel hands to it as they lose their parents: a signer that still runs is
// asked first, by a SIGTERM to its process group, so that it can take back what it
// has asked for elsewhere, and what is left after graceTime gets a SIGKILL. If the
// guard itself is killed, the signer is killed with it and the plugin does the rest.
//
// So Run returns within the signer's Timeout and graceTime; where the kernel doesn't
// let a process die, within another two times killTime.
package signer

import (
	"context"
	"fmt"
	"time"
)

// Run returns what the signer printed. When it returns, the signer and all its
// descendants are gone. Where ctx ends first, the error is an Interrupted one with
// ctx's cause. All errors are of type *Error.
func Run(ctx context.Context, command Command) (Output, error) {
	path, err := command.lookPath()
	if err != nil {
		return Output{}, command.startError(err)
	}
	if err := adoptOrphans(); err != nil {
		return Output{}, command.failed(Failed, fmt.Errorf("preparing to run the signer: %w", err), "")
	}
	deadline := time.Now().Add(command.Timeout)
	guarded, err := start(path, command, deadline)
	if err != nil {
		return Output{}, command.failed(Failed, fmt.Errorf("starting the plugin's guard process: %w", err), "")
	}
	ctx, cancel := context.WithDeadlineCause(ctx, deadline, timeoutError(command.Timeout))
	defer cancel()
	cause := guarded.wait(ctx)
	guarded.end()
	output := Output{guarded.stdout.content, guarded.stderr.tail()}
	if cause != nil {
		return Output{}, command.runError(cause, output.Stderr)
	}
	return output, nil
}
