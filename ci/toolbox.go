package main

import (
	"context"

	"dagger/container-signing/internal/dagger"
)

// A container with notation, the plugin external-signer installed in it, oras
// and kubectl, to work in: `dagger call toolbox terminal`
func (m *ContainerSigning) Toolbox(ctx context.Context) (*dagger.Container, error) {
	container, err := m.with(ctx, "notation", "oras", "kubernetes")
	if err != nil {
		return nil, err
	}
	return m.equip(container).WithDefaultTerminalCmd([]string{"bash"}), nil
}

// equip adds to a container that has the tools what else the parts of the chain
// need: the program e2e that runs them, the plugin, the policies, the scripts.
func (m *ContainerSigning) equip(container *dagger.Container) *dagger.Container {
	const plugin = "/opt/container-signing/notation-external-signer"
	return m.withProgram(container.
		WithFile(plugin, m.Plugin("")).
		WithExec([]string{"notation", "plugin", "install", "--file", plugin}))
}

// withProgram adds the program e2e, and the policies and scripts that it uses,
// to a container that has the tools.
func (m *ContainerSigning) withProgram(container *dagger.Container) *dagger.Container {
	return container.
		WithFile("/usr/local/bin/e2e", m.program("./e2e", "", "e2e", "internal", "tools/*.go")).
		// What pins the tools tells whether these are the right ones.
		WithDirectory("/src", m.only("tools/*/go.mod", "tools/*/go.sum", "tools/*/main.go", "policies", "scripts/*.sh")).
		WithWorkdir("/src")
}

// signingBox is a container to sign, copy and verify in: the user's own base
// with the tools in it, or one with nothing but the tools.
func (m *ContainerSigning) signingBox(ctx context.Context, base *dagger.Container) (*dagger.Container, error) {
	container, err := m.with(ctx, "notation", "oras")
	if err != nil {
		return nil, err
	}
	if base != nil {
		container = withTools(base, container.Directory(toolFolder))
	}
	return m.equip(container), nil
}
