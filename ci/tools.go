package main

import (
	"context"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"dagger/container-signing/internal/dagger"
)

const (
	// toolFolder is where the tools are in containers.
	toolFolder = "/opt/container-signing/tools"
	// parallelBuilds bounds how many tools are compiled at a time: linking
	// Kubernetes wants a few gigabytes.
	parallelBuilds = 3
)

// notInChain are folders of tools/ that only the checks need.
var notInChain = []string{"actionlint", "staticcheck"}

// Every pinned tool of the chain, built from its Go module: notation, oras,
// registry, etcd, Kubernetes, Kyverno, containerd and runc
//
// A build from nothing takes fifteen minutes on two cores. Publish the
// container once, and hand it back: `dagger call --tools REFERENCE e-2-e`
// compiles none of them again.
func (m *ContainerSigning) Tools(ctx context.Context) (*dagger.Container, error) {
	if m.Prebuilt != nil {
		return m.Prebuilt, nil
	}
	folders, err := m.toolFolders(ctx)
	if err != nil {
		return nil, err
	}
	return m.build(ctx, folders...)
}

// toolFolders lists the folders of tools/ that pin tools of the chain.
func (m *ContainerSigning) toolFolders(ctx context.Context) ([]string, error) {
	modules, err := m.Source.Glob(ctx, "tools/*/go.mod")
	if err != nil {
		return nil, err
	}
	var folders []string
	for _, module := range modules {
		folder := strings.Split(module, "/")[1]
		if !slices.Contains(notInChain, folder) {
			folders = append(folders, folder)
		}
	}
	return folders, nil
}

// with is a container with the tools of some folders of tools/ at least.
func (m *ContainerSigning) with(ctx context.Context, folders ...string) (*dagger.Container, error) {
	if m.Prebuilt != nil {
		return m.Prebuilt, nil
	}
	return m.build(ctx, folders...)
}

// build builds the tools of folders, each on its own and several at a time.
func (m *ContainerSigning) build(ctx context.Context, folders ...string) (*dagger.Container, error) {
	builder := m.program("./tools/build", "", "internal", "tools/*.go", "tools/build")
	built := make([]*dagger.Directory, len(folders))
	work, ctx := errgroup.WithContext(ctx)
	work.SetLimit(parallelBuilds)
	for i, folder := range folders {
		work.Go(func() error {
			var err error
			built[i], err = m.tool(builder, folder).Sync(ctx)
			return explain("building tools/"+folder, err)
		})
	}
	if err := work.Wait(); err != nil {
		return nil, err
	}
	all := dag.Directory()
	for _, directory := range built {
		all = all.WithDirectory("/", directory)
	}
	return withTools(dag.Container().From(m.GoImage), all), nil
}

// withTools puts tools where they are found.
func withTools(container *dagger.Container, tools *dagger.Directory) *dagger.Container {
	return container.
		WithDirectory(toolFolder, tools).
		WithEnvVariable("CONTAINER_SIGNING_TOOLS", toolFolder).
		WithEnvVariable("PATH", toolFolder+"/bin:${PATH}", dagger.ContainerWithEnvVariableOpts{Expand: true})
}

// lean is a container with the tools of another one and nothing else: no shell,
// and no CAs. That is enough for what only runs tools and this project's
// programs, and talks to nothing outside of a run. It starts sooner: where an
// engine has CAs of its own it installs them into each container that has a
// distribution, by that distribution's own and slow tool.
func lean(full *dagger.Container) *dagger.Container {
	return withTools(dag.Container().
		WithEnvVariable("PATH", "/usr/local/bin").
		WithEnvVariable("HOME", "/root").
		WithDirectory("/tmp", dag.Directory()), full.Directory(toolFolder))
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
