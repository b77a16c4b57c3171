// Package secret names secrets in containers.
package secret

import (
	"fmt"
	"path"
	"regexp"
	"strings"
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
		return "", "", fmt.Errorf("a secret has no name that a signer could know it by: give it as env:NAME or file:PATH, or name it in SetSecret")
	case variable.MatchString(name):
		return name, "", nil
	case strings.Contains(name, "/"):
		name = path.Base(name)
	}
	return "", path.Join(Folder, name), nil
}
