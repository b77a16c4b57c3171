// Package route tells how a container reaches the registries of images: by the
// network, or by a service that is bound to the container.
package route

import (
	"fmt"
	"net"
	"slices"

	"dagger/container-signing/internal/hint"
	"dagger/container-signing/internal/reference"
)

// A Route leads to a registry.
type Route struct {
	Registry reference.Registry
	// Service says that the registry is a service.
	Service bool
	// Flag is how its user gives the service, such as "--registry".
	Flag string
	// PlainHTTP says that the registry speaks plain HTTP. One on loopback does
	// anyway.
	PlainHTTP bool
	// Alias is how a container calls the service of a registry whose own name
	// is that of loopback: there, that is the container itself.
	Alias string
}

// Check finds a registry that no container reaches.
func (r Route) Check() error {
	if r.Service || !r.Registry.OnLoopback() {
		return nil
	}
	flag := r.Flag
	if flag == "" {
		flag = "--registry"
	}
	return hint.Add(
		fmt.Errorf("reaching the registry %s: it is on loopback, where a container finds only itself", r.Registry),
		fmt.Sprintf("give it as a service too: %s tcp://%s", flag, r.Registry),
	)
}

// Hostname is the name by which the service is bound to a container; empty if
// the registry isn't a service.
func (r Route) Hostname() string {
	switch {
	case !r.Service:
		return ""
	case r.Registry.OnLoopback():
		return r.Alias
	}
	return r.Registry.Host()
}

// Led tells whether a port of the container's own loopback has to lead to the
// service. By that the image keeps its name, by which credentials and trust
// policies go.
func (r Route) Led() bool { return r.Service && r.Registry.OnLoopback() }

// Lead is the flag with which e2e leads the registry's name to a port of the
// service.
func (r Route) Lead(port int) []string {
	host := r.Registry.Host()
	if host == "localhost" {
		host = "127.0.0.1"
	}
	return []string{"--lead", fmt.Sprintf("%s=%s:%d", net.JoinHostPort(host, r.Registry.Port()), r.Alias, port)}
}

// Insecure is the flag for a registry that speaks plain HTTP. notation knows
// that of the name localhost alone.
func (r Route) Insecure(flag string) []string {
	if r.PlainHTTP || r.Registry.OnLoopback() {
		return []string{flag}
	}
	return nil
}

// Forward is the command that runs another one while registries are led.
func Forward(leads, command []string) []string {
	if len(leads) == 0 {
		return command
	}
	return slices.Concat([]string{"e2e", "forward"}, leads, []string{"--"}, command)
}

// Distinct is the routes without those to a registry that is there before.
func Distinct[T any](routes []T, of func(T) Route) []T {
	seen := map[reference.Registry]bool{}
	return slices.DeleteFunc(slices.Clone(routes), func(one T) bool {
		registry := of(one).Registry
		before := seen[registry]
		seen[registry] = true
		return before
	})
}
