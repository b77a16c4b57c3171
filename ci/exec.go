package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"dagger/container-signing/internal/dagger"
)

// explain makes an error of what a program said when it failed, which the
// error of the engine has only beside itself.
func explain(doing string, err error) error {
	if err == nil {
		return nil
	}
	var failed *dagger.ExecError
	if !errors.As(err, &failed) {
		return fmt.Errorf("%s: %w", doing, err)
	}
	words := strings.TrimSpace(failed.Stderr)
	if words == "" {
		words = strings.TrimSpace(failed.Stdout)
	}
	return fmt.Errorf("%s: exit status %d: %s", doing, failed.ExitCode, words)
}

// anew makes a container whose steps depend on what the engine can't see, such
// as a registry's content: they are run once for each run.
func anew(container *dagger.Container, run string) *dagger.Container {
	return container.WithEnvVariable("CONTAINER_SIGNING_RUN", run)
}

// newRun names a run that hasn't been before.
func newRun() string { return time.Now().UTC().Format("20060102-150405.000000000") }

// evaluate runs the steps of a container.
func evaluate(ctx context.Context, doing string, container *dagger.Container) (*dagger.Container, error) {
	container, err := container.Sync(ctx)
	return container, explain(doing, err)
}
