// Package tools builds the real programs of the chain from the Go modules in
// its subfolders and keeps them in a cache of the user's.
//
// Each subfolder is a Go module that pins one upstream project by an exact
// version and a go.sum, so that what is built is verified against the Go
// checksum database, and nothing is a downloaded program. What only the static
// checks of this project need is below tools/check, and no part of the chain.
package tools

import (
	"context"
	"io"
)

// Programs maps what was asked for to its absolute path: a program by its
// name, the folder of Kyverno's custom resource definitions as
// "kyverno-crds", and the OCI image layout of the demonstration image as
// "busybox", where its tag is [BusyboxTag]. "pause-image" is the archive of the
// image [PauseImage].
type Programs map[string]string

// Build returns the paths of what is asked for by name, after building what
// the cache lacks. It shows on out which module of how many it builds, what
// the build is doing and for how long; it writes nothing if all is there.
//
// An error names the module, the command and the end of what it printed. An
// interrupted or failed build leaves nothing in the cache.
//
// If the environment variable [FolderVariable] is set, what is asked for is
// taken from there, and it is an error if that lacks any of it.
func Build(ctx context.Context, out io.Writer, names ...string) (Programs, error) {
	wanted, err := modulesFor(names)
	if err != nil {
		return nil, err
	}
	source, err := sourceFolder()
	if err != nil {
		return nil, err
	}
	cache, err := openCache()
	if err != nil {
		return nil, err
	}
	var missing []module
	for _, m := range wanted {
		if present, err := cache.has(source, m); err != nil {
			return nil, err
		} else if !present {
			missing = append(missing, m)
		}
	}
	if prebuilt() != "" && len(missing) > 0 {
		return nil, cache.lacking(source, missing)
	}
	if err := cache.provide(ctx, source, missing, newProgress(out, len(missing))); err != nil {
		return nil, err
	}
	return cache.programs(source, wanted)
}
