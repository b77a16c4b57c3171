// Package secret names secrets in containers.
package secret

import (
	"errors"
	"path"
	"regexp"
	"slices"
	"strings"

	"dagger/container-signing/internal/hint"
)

// Folder is where secrets are files.
const Folder = "/run/secrets"

var variable = regexp.MustCompile(`^[A-Z_][A-Z0-9_]*$`)

// Place tells how a signer finds a secret that a pipeline has given the name,
// or that comes from a URI such as "env://TOKEN" or "file:///home/me/key.pem":
// in the environment if it is called like an environment variable, else in a
// file of [Folder]. One of variable and file is empty.
func Place(name, uri string) (asVariable, file string, err error) {
	if name == "" {
		_, rest, _ := strings.Cut(uri, ":")
		name = path.Base(rest)
	}
	switch {
	case name == "" || name == "." || name == "/":
		return "", "", hint.Add(errors.New("reading --secrets: one has no name that a signer could know it by"),
			"give it as env:NAME or file:PATH, or name it in SetSecret")
	case variable.MatchString(name):
		return name, "", nil
	case strings.Contains(name, "/"):
		name = path.Base(name)
	}
	return "", path.Join(Folder, name), nil
}

// Parts are lines out of the middle of a private key in PEM, which nothing else
// contains.
func Parts(key string) []string {
	lines := strings.Split(strings.TrimSpace(key), "\n")
	if len(lines) < 5 {
		return nil
	}
	return []string{lines[2]}
}

// In tells whether a text has any of the parts of secrets. An empty part is in
// all of them.
func In(text string, parts []string) bool {
	return slices.ContainsFunc(parts, func(part string) bool { return strings.Contains(text, part) })
}
