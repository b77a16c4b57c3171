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

// Sign, copy, verify and admit container images
type ContainerSigning struct {
	// +private
	Source *dagger.Directory
	// +private
	GoImage string
	// +private
	GoProxy string
	// +private
	Prebuilt *dagger.Container
	// trusted says that Prebuilt needn't be looked at again.
	trusted bool
}

func New(
	// The project's source.
	//
	// +defaultPath="/"
	// +ignore=["*", "!go.mod", "!go.sum", "!*.md", "!dagger.json", "!.golangci.*", "!.ci/**", "!.github/**",
	//   "!ci/**", "!docs/**", "!e2e/**", "!examples/**", "!internal/**", "!plugin/**", "!policies/**",
	//   "!scripts/**", "!tools/**"]
	source *dagger.Directory,
	// The Go image in which all is built and run: by digest, or another one at a mirror of yours.
	//
	// +default="golang:1.26.8-bookworm@sha256:a688600ca24f8a4d3ca77f95b0dd40704a9fc787c826660eb7ba0b641b8b175d"
	goImage string,
	// The Go module proxy, where it isn't the public one: GOPROXY.
	goProxy string, // +optional
	// The tools as the function tools has published them: then only this project's own programs are compiled.
	tools *dagger.Container, // +optional
) *ContainerSigning {
	return &ContainerSigning{Source: source, GoImage: goImage, GoProxy: goProxy, Prebuilt: tools}
}
