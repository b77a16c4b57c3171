package process

import (
	"os"
	"slices"
	"strings"
)

// An Inheritance says which of this process's environment variables a program
// gets. The user's environment configures the user's own tools: a program of a
// run that heeds it would read or write what isn't the run's, or send what is
// for loopback through a proxy.
type Inheritance int

const (
	// OfMachine are the variables that say how programs work on this machine,
	// and configure none: where programs, temporary files and trusted CAs are,
	// language, time zone, and limits of memory and processors. A server of a
	// run, or a tool that only deals with those, needs no others. Proxies aren't
	// among them, and neither is HOME: what would be found there is the user's.
	// etcd and distribution's registry would take any of their settings from a
	// variable.
	OfMachine Inheritance = iota
	// OfUser are all variables of the user's but those that lead notation and
	// oras to the user's own configuration, cache, and credentials for
	// registries. A signer needs the others: it may be configured by any
	// variable, and reach its service through a proxy. So does the go command.
	OfUser
	// OfUserWithCredentials are those and the variables by which the user's
	// credentials for registries are found. A tool that deals with the user's
	// own registries needs them.
	OfUserWithCredentials
)

// ofMachine is what [OfMachine] lets pass. LC_* comes to it.
var ofMachine = []string{
	"PATH", "TMPDIR", "TZ", "LANG", "LANGUAGE",
	"SSL_CERT_FILE", "SSL_CERT_DIR", // the CAs that this machine trusts
	"GOMAXPROCS", "GOMEMLIMIT", "GOTRACEBACK",
}

// ofTools lead notation and oras to files of the user's.
var ofTools = []string{"NOTATION_CONFIG", "NOTATION_LIBEXEC", "NOTATION_CACHE", "NOTATION_EXPERIMENTAL", "ORAS_CACHE"}

// ofCredentials say where credentials for registries are, or what they are.
var ofCredentials = []string{
	"DOCKER_CONFIG", "DOCKER_AUTH_CONFIG", "REGISTRY_AUTH_FILE", "NOTATION_USERNAME", "NOTATION_PASSWORD",
}

// FewerCollections is a variable that lets the memory of a program in Go grow to
// five times of what it uses before it is collected, instead of twice. That saves
// a fifth of the processor time of starting a cluster, for a few hundred
// megabytes.
const FewerCollections = "GOGC=400"

// Environment returns the variables of this process that pass, as NAME=VALUE.
func (i Inheritance) Environment() []string {
	return slices.DeleteFunc(os.Environ(), func(variable string) bool {
		name, _, _ := strings.Cut(variable, "=")
		return !i.passes(name)
	})
}

// passes tells whether a program gets the variable called name.
func (i Inheritance) passes(name string) bool {
	switch i {
	case OfUserWithCredentials:
		return !slices.Contains(ofTools, name)
	case OfUser:
		return !slices.Contains(ofTools, name) && !slices.Contains(ofCredentials, name)
	default:
		return slices.Contains(ofMachine, name) || strings.HasPrefix(name, "LC_")
	}
}
