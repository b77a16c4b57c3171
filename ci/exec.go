package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"dagger/container-signing/internal/dagger"
	"dagger/container-signing/internal/failure"
)

// explain makes an error of what a program said when it failed, which the
// error of the engine has only beside itself.
func explain(doing string, given failure.Given, err error) error {
	if err == nil {
		return nil
	}
	var failed *dagger.ExecError
	if !errors.As(err, &failed) {
		return fmt.Errorf("%s: %w", doing, err)
	}
	return failure.Exit{Status: failed.ExitCode, Stdout: failed.Stdout, Stderr: failed.Stderr}.Error(doing, given)
}

// evaluate runs the steps of a container. What was given explains a failure.
func evaluate(
	ctx context.Context,
	doing string,
	given failure.Given,
	container *dagger.Container,
) (*dagger.Container, error) {
	container, err := container.Sync(ctx)
	return container, explain(doing, given, err)
}

// anew makes a container whose steps depend on what the engine can't see, such
// as a registry's content: they are run once for each run.
func anew(container *dagger.Container, run string) *dagger.Container {
	return container.WithEnvVariable("CONTAINER_SIGNING_RUN", run)
}

// newRun names a run that hasn't been before.
func newRun() string { return time.Now().UTC().Format("20060102-150405.000000000") }
