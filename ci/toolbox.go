package main

import (
	"context"

	"dagger/container-signing/internal/command"
	"dagger/container-signing/internal/dagger"
	"dagger/container-signing/internal/inputs"
	"dagger/container-signing/internal/toolset"
)

// A container with notation, the plugin, oras and kubectl, to work in
//
// `dagger call toolbox terminal` opens a shell there.
func (m *ContainerSigning) Toolbox(ctx context.Context) (*dagger.Container, error) {
	container, err := m.with(ctx, toolset.Work)
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
	pins := append(toolset.PinPatterns(), "policies", "scripts/*.sh")
	return container.
		WithFile(command.Program, m.program(inputs.E2E, "")).
		// What pins the tools tells whether these are the right ones.
		WithDirectory("/src", m.only(pins...)).
		WithWorkdir("/src")
}

// signingBox is a container to sign, copy and verify in: the user's own base
// with the tools in it, or one with a distribution and the tools.
func (m *ContainerSigning) signingBox(ctx context.Context, base *dagger.Container) (*dagger.Container, error) {
	container, err := m.with(ctx, toolset.Signing)
	if err != nil {
		return nil, err
	}
	if base != nil {
		container = withTools(base, container.Directory(toolFolder))
	}
	return m.equip(quick(container)), nil
}
