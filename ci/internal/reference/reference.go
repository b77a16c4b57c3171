// Package reference reads references of images, as far as it matters how their
// registries are reached.
package reference

import (
	"net"
	"strings"
)

// Host returns the registry of a reference that names one, such as
// "localhost:5002".
func Host(reference string) string {
	host, _, _ := strings.Cut(reference, "/")
	return host
}

// Name returns the registry of a reference without its port.
func Name(reference string) string {
	name, _, err := net.SplitHostPort(Host(reference))
	if err != nil {
		return strings.Trim(Host(reference), "[]")
	}
	return name
}

// Port returns the port of a registry on loopback: docker takes 80 for one that
// a reference leaves out.
func Port(reference string) string {
	if _, port, err := net.SplitHostPort(Host(reference)); err == nil {
		return port
	}
	return "80"
}

// OnLoopback tells whether the registry is on the machine of whoever named it.
func OnLoopback(reference string) bool {
	name := Name(reference)
	return name == "localhost" || net.ParseIP(name).IsLoopback()
}

// Tag returns the tag of a reference, or "latest" if it has none.
func Tag(reference string) string {
	reference, _, _ = strings.Cut(reference, "@")
	if i := strings.LastIndex(reference, ":"); i > strings.LastIndex(reference, "/") {
		return reference[i+1:]
	}
	return "latest"
}

// Below returns the reference that an image gets when it moves to another
// registry or folder of one: the last part of its name stays, without a digest.
func Below(folder, reference string) string {
	name, _, _ := strings.Cut(reference, "@")
	return strings.TrimSuffix(folder, "/") + "/" + name[strings.LastIndex(name, "/")+1:]
}
