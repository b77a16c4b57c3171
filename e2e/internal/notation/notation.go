// Package notation signs and verifies images with the real notation CLI.
package notation

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"container-signing/e2e/internal/process"
)

// CLI is the notation CLI.
type CLI struct{ process.Tool }

// ConfiguredIn makes of the notation CLI one whose configuration is in a folder
// of its own: nothing of the user's is read or written, whatever the
// environment says. It is for registries that a run has started itself.
func ConfiguredIn(tool process.Tool, folder string) CLI {
	tool.Env = append(tool.Env[:len(tool.Env):len(tool.Env)], Environment(folder)...)
	tool.Env = append(tool.Env, "DOCKER_CONFIG="+filepath.Join(folder, "docker"))
	return CLI{tool}
}

// AsUser is the notation CLI as the user has configured it: with the user's
// plugins, keys, trust store, trust policy and credentials.
func AsUser(tool process.Tool) CLI {
	tool.Inherits = process.OfUserWithCredentials
	tool.Env = tool.Env[:len(tool.Env):len(tool.Env)]
	for _, name := range variables {
		if value, ok := os.LookupEnv(name); ok {
			tool.Env = append(tool.Env, name+"="+value)
		}
	}
	return CLI{tool}
}

// variables are those by which notation finds its folders (its main reads
// them).
var variables = []string{"NOTATION_CONFIG", "NOTATION_LIBEXEC", "NOTATION_CACHE"}

// Environment are the variables with which notation has its configuration, its
// plugins and its cache in a folder.
func Environment(folder string) []string {
	return []string{
		"NOTATION_CONFIG=" + folder, "NOTATION_LIBEXEC=" + folder, "NOTATION_CACHE=" + filepath.Join(folder, "cache"),
	}
}

// InstallPlugin installs the plugin from its file.
func (c CLI) InstallPlugin(ctx context.Context, file string) error {
	if _, err := c.Run(ctx, "plugin", "install", "--file", file); err != nil {
		return fmt.Errorf("installing the plugin: %w", err)
	}
	return nil
}
