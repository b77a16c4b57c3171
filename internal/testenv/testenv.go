// Package testenv keeps the user's environment out of tests: what configures
// the user's notation, oras, docker and signer would be read and written by the
// real tools that tests run.
package testenv

import (
	"os"
	"strings"
)

// exact are the variables that lead tools to the user's files, or change what
// they do. Those of package process in e2e are among them.
var exact = []string{
	"NOTATION_CONFIG", "NOTATION_LIBEXEC", "NOTATION_CACHE", "NOTATION_EXPERIMENTAL", "NOTATION_USERNAME", "NOTATION_PASSWORD",
	"DOCKER_CONFIG", "DOCKER_AUTH_CONFIG", "REGISTRY_AUTH_FILE", "ORAS_CACHE", "KUBECONFIG",
}

// prefixes begin the names of variables that signers read, or that the plugin
// sets for them.
var prefixes = []string{"EXTERNAL_", "SIGNER_"}

// Clear unsets them all. A package whose tests run such tools calls it in its
// TestMain.
func Clear() error {
	for _, name := range exact {
		if err := os.Unsetenv(name); err != nil {
			return err
		}
	}
	for _, variable := range os.Environ() {
		name, _, _ := strings.Cut(variable, "=")
		for _, prefix := range prefixes {
			if strings.HasPrefix(name, prefix) {
				if err := os.Unsetenv(name); err != nil {
					return err
				}
			}
		}
	}
	return nil
}
