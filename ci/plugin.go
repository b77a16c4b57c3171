package main

import (
	"dagger/container-signing/internal/dagger"
	"dagger/container-signing/internal/inputs"
)

// The Notation plugin external-signer, built for a platform
//
// It is a static program. Install it with `notation plugin install --file notation-external-signer`.
func (m *ContainerSigning) Plugin(
	// Such as linux/amd64, linux/arm64 or darwin/arm64.
	platform dagger.Platform, // +default="linux/amd64"
) *dagger.File {
	return m.program(inputs.Plugin, platform).WithName("notation-external-signer")
}
