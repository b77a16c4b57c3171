package main

import (
	"context"

	"dagger/container-signing/internal/failure"
)

// Run the tests, with the real tools
//
// They are notation, oras, a registry, Kubernetes and Kyverno.
//
// +check
func (m *ContainerSigning) Test(ctx context.Context) error {
	tools, err := m.Tools(ctx)
	if err != nil {
		return err
	}
	_, err = evaluate(ctx, "go test", failure.Given{}, withTools(m.golang(), tools.Directory(toolFolder)).
		WithMountedDirectory("/src", m.Source).
		WithWorkdir("/src").
		WithExec([]string{"go", "test", "-timeout", "60m", "./..."}))
	return err
}

// Check the form of the source
//
// It runs .ci/lint.
//
// +check
func (m *ContainerSigning) Lint(ctx context.Context) error {
	_, err := evaluate(ctx, "lint", failure.Given{}, m.golang().
		WithMountedDirectory("/src", m.Source).
		WithWorkdir("/src").
		WithExec([]string{".ci/lint"}))
	return err
}
