// Package reference reads references of images and addresses of registries, as
// far as it matters how the registries are reached.
package reference

import (
	"fmt"
	"net"
	"path"
	"strings"

	"github.com/distribution/reference"
)

// defaultTag is that of a reference without one.
const defaultTag = "latest"

// An Image is a reference of an image in a registry.
type Image struct{ named reference.Named }

// Parse reads a reference as docker does: "busybox" is
// docker.io/library/busybox.
func Parse(text string) (Image, error) {
	named, err := reference.ParseNormalizedNamed(text)
	if err != nil {
		return Image{}, fmt.Errorf("reading image %q: %w", text, err)
	}
	return Image{named}, nil
}

// ParseAll reads references, in their order.
func ParseAll(texts []string) ([]Image, error) {
	images := make([]Image, len(texts))
	for i, text := range texts {
		var err error
		if images[i], err = Parse(text); err != nil {
			return nil, err
		}
	}
	return images, nil
}

// Registry is where the image is.
func (i Image) Registry() Registry { return Registry(reference.Domain(i.named)) }

// String spells the reference out, with its registry and with a tag if it has
// no digest.
func (i Image) String() string { return reference.TagNameOnly(i.named).String() }

// Repository is the reference without a tag and a digest.
func (i Image) Repository() string { return i.named.Name() }

// Tag is the tag of the reference, or "latest" if it has none.
func (i Image) Tag() string {
	if tagged, ok := i.named.(reference.Tagged); ok {
		return tagged.Tag()
	}
	return defaultTag
}

// Base is the last part of the image's name, without a tag.
func (i Image) Base() string { return path.Base(reference.Path(i.named)) }

// Below returns the reference that the image gets when it moves to another
// registry or folder of one: the last part of its name and its tag stay, a
// digest doesn't.
func (i Image) Below(folder string) string {
	moved := strings.TrimSuffix(folder, "/") + "/" + i.Base()
	if tagged, ok := i.named.(reference.Tagged); ok {
		moved += ":" + tagged.Tag()
	}
	return moved
}

// A Registry is how references name a registry, such as "localhost:5002".
type Registry string

// ParseRegistry reads the address of a registry.
func ParseRegistry(address string) (Registry, error) {
	image, err := Parse(address + "/image")
	if err != nil || string(image.Registry()) != address {
		return "", fmt.Errorf("reading the registry's address %q: it isn't HOST or HOST:PORT", address)
	}
	return image.Registry(), nil
}

// Host is the registry's name without a port.
func (r Registry) Host() string {
	if host, _, err := net.SplitHostPort(string(r)); err == nil {
		return host
	}
	return strings.Trim(string(r), "[]")
}

// Port is the port of a registry on loopback: docker takes 80 for one that a
// reference leaves out.
func (r Registry) Port() string {
	if _, port, err := net.SplitHostPort(string(r)); err == nil {
		return port
	}
	return "80"
}

// OnLoopback tells whether the registry is on the machine of whoever named it.
func (r Registry) OnLoopback() bool {
	return r.Host() == "localhost" || net.ParseIP(r.Host()).IsLoopback()
}
