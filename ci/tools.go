package main

import (
	"context"
	"fmt"
	"os"

	"golang.org/x/sync/errgroup"

	"dagger/container-signing/internal/dagger"
	"dagger/container-signing/internal/failure"
	"dagger/container-signing/internal/inputs"
	"dagger/container-signing/internal/toolset"
)

const (
	// toolFolder is where the tools are in containers.
	toolFolder = "/opt/container-signing/tools"
	// parallelBuilds bounds how many tools are compiled at a time: linking
	// Kubernetes wants a few gigabytes.
	parallelBuilds = 3
)

// Every pinned tool of the chain, each built from its Go module
//
// They are notation, oras, registry, etcd, Kubernetes, Kyverno, containerd,
// runc and what these need. A build from nothing takes fifteen minutes on two
// cores. Publish the container once, and hand it back:
// `dagger call --tools REFERENCE e-2-e` compiles none of them again.
func (m *ContainerSigning) Tools(ctx context.Context) (*dagger.Container, error) {
	return m.with(ctx, toolset.Chain)
}

// with is a container that has the tools for some uses at least.
func (m *ContainerSigning) with(ctx context.Context, uses toolset.Use) (*dagger.Container, error) {
	if m.trusted {
		return m.Prebuilt, nil
	}
	key, err := m.toolKey(ctx)
	if err != nil {
		return nil, err
	}
	if m.Prebuilt == nil {
		return m.build(ctx, key, toolset.Folders(uses)...)
	}
	label, err := m.Prebuilt.Label(ctx, toolset.Label)
	if err != nil {
		return nil, fmt.Errorf("reading --tools: %w", err)
	}
	return m.Prebuilt, toolset.CheckPublished(label, key)
}

// trusting is the module with tools that needn't be looked for again.
func (m *ContainerSigning) trusting(tools *dagger.Container) *ContainerSigning {
	ready := *m
	ready.Prebuilt, ready.trusted = tools, true
	return &ready
}

// toolKey names the state of what pins the tools.
func (m *ContainerSigning) toolKey(ctx context.Context) (string, error) {
	folder, err := os.MkdirTemp("", "pins")
	if err != nil {
		return "", fmt.Errorf("reading what pins the tools: %w", err)
	}
	defer func() { _ = os.RemoveAll(folder) }() // what stays ends with the module's container
	if _, err := m.only(toolset.PinPatterns()...).Export(ctx, folder); err != nil {
		return "", fmt.Errorf("reading what pins the tools: %w", err)
	}
	return toolset.Key(os.DirFS(folder))
}

// build builds the tools of folders, each on its own and several at a time.
func (m *ContainerSigning) build(ctx context.Context, key string, folders ...string) (*dagger.Container, error) {
	builder := m.program(inputs.ToolBuilder, "")
	built := make([]*dagger.Directory, len(folders))
	work, ctx := errgroup.WithContext(ctx)
	work.SetLimit(parallelBuilds)
	for i, folder := range folders {
		work.Go(func() error {
			var err error
			built[i], err = m.tool(builder, folder).Sync(ctx)
			return explain("building tools/"+folder, failure.Given{}, err)
		})
	}
	if err := work.Wait(); err != nil {
		return nil, err
	}
	all := dag.Directory()
	for _, directory := range built {
		all = all.WithDirectory("/", directory)
	}
	return withTools(dag.Container().From(m.GoImage), all).WithLabel(toolset.Label, key), nil
}

// tool builds what one folder of tools/ pins. Only that decides whether it is
// built anew.
func (m *ContainerSigning) tool(builder *dagger.File, folder string) *dagger.Directory {
	return m.golang().
		WithMountedFile("/usr/local/bin/build-tools", builder).
		// tools/notation/go.mod is how the root of the source is known.
		WithMountedDirectory("/src", m.only("tools/notation/go.mod", "tools/"+folder)).
		WithWorkdir("/src").
		WithExec([]string{"build-tools", "--output", toolFolder, "--folder", folder}).
		Directory(toolFolder)
}

// withTools puts tools where they are found.
func withTools(container *dagger.Container, tools *dagger.Directory) *dagger.Container {
	return container.
		WithDirectory(toolFolder, tools).
		WithEnvVariable("CONTAINER_SIGNING_TOOLS", toolFolder).
		WithEnvVariable("PATH", toolFolder+"/bin:${PATH}", dagger.ContainerWithEnvVariableOpts{Expand: true})
}
