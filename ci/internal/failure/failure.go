// Package failure makes errors of what programs in containers say when they
// fail.
package failure

import (
	"fmt"
	"strings"

	"dagger/container-signing/internal/hint"
)

// An Exit is how a program has ended.
type Exit struct {
	Status         int
	Stdout, Stderr string
}

// Given tells what a caller has given, as far as it explains failures.
type Given struct {
	// Service is the flag of a service behind which the registry is, such as
	// "--registry"; empty for none.
	Service string
	// Credentials says that there are credentials of the registry.
	Credentials bool
	// Signer says that there is a signer of the caller's, and Key that it was
	// given a private key.
	Signer, Key bool
}

// Error returns what a program said when it failed at doing something, with
// advice if what was given explains it.
func (e Exit) Error(doing string, given Given) error {
	words := strings.TrimSpace(e.Stderr)
	if words == "" {
		words = strings.TrimSpace(e.Stdout)
	}
	err := fmt.Errorf("%s: exit status %d: %s", doing, e.Status, words)
	if advice := advise(words, given); advice != "" {
		return hint.Add(err, advice)
	}
	return err
}

// advise tells what to do about what a program says; "" if that says it itself.
func advise(words string, given Given) string {
	switch {
	case given.Service != "" && closedAtOnce(words):
		return "nothing seems to listen behind " + given.Service + ": start the registry, or give the port of it"
	case !given.Credentials && unauthorized(words):
		return "the registry has to know who you are: give --registry-credentials file:$HOME/.docker/config.json"
	case given.Signer && !given.Key && strings.Contains(words, "EXTERNAL_PRIVATE_KEY is not set"):
		return "this signer reads a private key: give it by --key, such as --key file:release.key"
	}
	return ""
}

// unauthorized tells whether a registry lets only those in whom it knows. A
// signing service that answers 401 is another matter.
func unauthorized(words string) bool {
	return strings.Contains(words, "basic credential not found") ||
		strings.Contains(words, "unauthorized: authentication required")
}

// closedAtOnce tells whether a connection was taken and ended without a word:
// so does a tunnel to a port at which nobody listens.
func closedAtOnce(words string) bool {
	for _, line := range strings.Split(words, "\n") {
		line = strings.TrimSpace(line)
		if strings.HasSuffix(line, ": EOF") || strings.Contains(line, "connection reset by peer") {
			return true
		}
	}
	return false
}
