// Sign container images with a signer of your own, and prove the whole way
//
// Notation signs through a plugin that hands the payload to any program: an
// HSM's tool, a script, a signing service. ORAS moves image and signature to
// production. Kyverno in a real Kubernetes admits what is signed and refuses
// the rest.
//
// Start with `dagger call e-2-e`, which shows all of it, or with
// `dagger call sign --image REFERENCE references`. The signer is given to
// `sign`; `dagger call sign --help` says how.
package main

import (
	"dagger/container-signing/internal/dagger"
)

// Container-signing: sign, copy, verify and admit container images.
type ContainerSigning struct {
	// +private
	Source *dagger.Directory
	// +private
	GoImage string
	// +private
	GoProxy string
	// +private
	Prebuilt *dagger.Container
}

func New(
	// The project's source.
	//
	// +defaultPath="/"
	// +ignore=["*", "!go.mod", "!go.sum", "!*.md", "!dagger.json", "!.golangci.*", "!.ci/**", "!.github/**", "!ci/**", "!docs/**", "!e2e/**", "!examples/**", "!internal/**", "!plugin/**", "!policies/**", "!scripts/**", "!tools/**"]
	source *dagger.Directory,
	// The Go image in which everything is built and run. Name it at a mirror
	// of yours if you have one.
	//
	// +default="golang:1.26.8-bookworm"
	goImage string,
	// The Go module proxy, where it isn't the public one: GOPROXY.
	//
	// +optional
	goProxy string,
	// The tools, as `tools` has built and published them: with it nothing is
	// compiled but this project's own programs.
	//
	// +optional
	tools *dagger.Container,
) *ContainerSigning {
	return &ContainerSigning{Source: source, GoImage: goImage, GoProxy: goProxy, Prebuilt: tools}
}
