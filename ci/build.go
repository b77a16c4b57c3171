package main

import (
	"strings"

	"dagger/container-signing/internal/dagger"
	"dagger/container-signing/internal/inputs"
)

// golang is the Go image, with what the go command keeps between builds in
// cache volumes.
func (m *ContainerSigning) golang() *dagger.Container {
	container := quick(dag.Container().From(m.GoImage)).
		WithMountedCache("/go/pkg/mod", dag.CacheVolume("container-signing-modules")).
		// Both the go command and package tools keep their caches there.
		WithMountedCache("/cache", dag.CacheVolume("container-signing-builds")).
		WithEnvVariable("XDG_CACHE_HOME", "/cache")
	if m.GoProxy != "" {
		container = container.WithEnvVariable("GOPROXY", m.GoProxy)
	}
	return container
}

// only is the part of the source that patterns name, without tests: a step is
// run anew only if that changes.
func (m *ContainerSigning) only(patterns ...string) *dagger.Directory {
	return m.Source.Filter(dagger.DirectoryFilterOpts{
		Include: patterns, Exclude: []string{"**/*_test.go", "**/testdata"},
	})
}

// program builds one of this project's programs: static, and the same bytes from
// the same source. No platform means that of the engine.
func (m *ContainerSigning) program(made inputs.Program, platform dagger.Platform) *dagger.File {
	container := m.golang().
		WithMountedDirectory("/src", m.only(made.Patterns()...)).
		WithWorkdir("/src").
		WithEnvVariable("CGO_ENABLED", "0")
	if os, architecture, found := strings.Cut(string(platform), "/"); found {
		container = container.WithEnvVariable("GOOS", os).WithEnvVariable("GOARCH", architecture)
	}
	return container.
		WithExec([]string{
			"go", "build", "-trimpath", "-buildvcs=false", "-ldflags=-s -w", "-o", "/out/program", made.Package,
		}).
		File("/out/program")
}
