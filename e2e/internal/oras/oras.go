// Package oras copies images with the real oras CLI.
package oras

import (
	"context"
	"fmt"
	"strings"

	"container-signing/e2e/internal/process"
	"container-signing/e2e/internal/reference"
	"container-signing/internal/hint"
)

// CLI is the oras CLI.
type CLI struct{ process.Tool }

// Direct is the oras CLI for registries that a run has started itself: it sees
// no proxy, and no credentials but those in the folder docker, which has none.
func Direct(tool process.Tool, docker string) CLI {
	tool.Env = append(tool.Env[:len(tool.Env):len(tool.Env)], "DOCKER_CONFIG="+docker)
	return CLI{tool}
}

// AsUser is the oras CLI for registries of the user's, with the user's
// credentials and proxy.
func AsUser(tool process.Tool) CLI {
	tool.Inherits = process.OfUserWithCredentials
	return CLI{tool}
}

// Reading is the oras CLI that copies from a source to a registry of the run's:
// as the user only if the source is in a registry of the user's.
func Reading(source reference.Reference, tool process.Tool, docker string) CLI {
	if source.InLayout() {
		return Direct(tool, docker)
	}
	return AsUser(tool)
}

// Copy copies an image with all that refers to it, its signatures among them,
// from one registry or OCI image layout to another.
func (c CLI) Copy(ctx context.Context, from, to reference.Reference) error {
	if err := c.cp(ctx, from, to, "-r"); err != nil {
		return fmt.Errorf("copying image %q with its signatures to %q: %w", from, to, err)
	}
	return nil
}

// CopyBare copies an image without what refers to it.
func (c CLI) CopyBare(ctx context.Context, from, to reference.Reference) error {
	if err := c.cp(ctx, from, to); err != nil {
		return fmt.Errorf("copying image %q to %q: %w", from, to, err)
	}
	return nil
}

func (c CLI) cp(ctx context.Context, from, to reference.Reference, flags ...string) error {
	args := append([]string{"cp", "--no-tty"}, flags...)
	args = append(args, transport("from-", from)...)
	args = append(args, transport("to-", to)...)
	_, err := c.Run(ctx, append(args, from.String(), to.String())...)
	if err != nil && strings.Contains(process.Words(err), "$HOME is not defined") {
		return hint.Add(err, "set HOME, or name the folder of docker's config.json in DOCKER_CONFIG")
	}
	return err
}

// transport returns the flag by which oras finds an image: in an OCI image
// layout, by plain HTTP, or by HTTPS, which needs none. The prefix tells the
// sides of a copy apart.
func transport(prefix string, r reference.Reference) []string {
	switch {
	case r.InLayout():
		return []string{"--" + prefix + "oci-layout"}
	case r.PlainHTTP:
		return []string{"--" + prefix + "plain-http"}
	}
	return nil
}
