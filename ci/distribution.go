package main

import (
	"dagger/container-signing/internal/dagger"
)

// caTool is how Debian and Alpine rebuild their bundle of CAs.
const caTool = "/usr/sbin/update-ca-certificates"

// quick is a container without its distribution's tool for CAs. An engine that
// has CAs of its own runs that tool before and after each step, which takes
// seconds; without it the engine writes them to the bundle itself. And Dagger's
// engine v0.21.7 doesn't stop a step whose call was cancelled while that tool
// ran: it would sign after all.
func quick(container *dagger.Container) *dagger.Container { return container.WithoutFile(caTool) }

// lean is a container with the tools of another one and nothing else: no shell,
// and no CAs. That is enough for what only runs tools and this project's
// programs, and talks to nothing outside of a run.
func lean(full *dagger.Container) *dagger.Container {
	return withTools(dag.Container().
		WithEnvVariable("PATH", "/usr/local/bin").
		WithEnvVariable("HOME", "/root").
		WithDirectory("/tmp", dag.Directory()), full.Directory(toolFolder))
}
