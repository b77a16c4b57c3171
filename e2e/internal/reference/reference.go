// Package reference knows where an image is: in a registry, or in an OCI image
// layout on this machine. A reference is parsed once, and passed on as what it
// says.
package reference

import (
	_ "crypto/sha256" // digests can be checked only where it is linked in
	_ "crypto/sha512"
	"fmt"
	"net"
	"strings"

	"github.com/distribution/reference"
	"github.com/opencontainers/go-digest"

	"container-signing/internal/hint"
)

// A Reference is where an image is.
type Reference struct {
	// Layout is the folder of an OCI image layout; empty for a registry.
	Layout string
	// Registry is the host, with a port if it isn't the one of HTTPS.
	Registry   string
	Repository string
	Tag        string
	// Digest such as "sha256:…". With it the tag says nothing any more.
	Digest string
	// PlainHTTP says that the registry speaks no HTTPS.
	PlainHTTP bool
}

// Parse reads a reference to an image in a registry, in the short forms too
// that docker takes: busybox is docker.io/library/busybox:latest. Registries
// on loopback are taken to speak plain HTTP.
func Parse(text string) (Reference, error) {
	named, err := reference.ParseNormalizedNamed(text)
	if err != nil {
		return Reference{}, hint.Add(err, "give an image in a registry, such as registry.example.com/app:1.0")
	}
	r := Reference{Registry: reference.Domain(named), Repository: reference.Path(named)}
	if tagged, ok := reference.TagNameOnly(named).(reference.Tagged); ok {
		r.Tag = tagged.Tag()
	}
	if digested, ok := named.(reference.Digested); ok {
		r.Digest = digested.Digest().String()
	}
	r.PlainHTTP = r.OnLoopback()
	return r, nil
}

// String writes the reference as oras and notation take it.
func (r Reference) String() string {
	text := r.Layout
	if r.Layout == "" {
		text = r.Registry + "/" + r.Repository
	}
	if r.Tag != "" {
		text += ":" + r.Tag
	}
	if r.Digest != "" {
		text += "@" + r.Digest
	}
	return text
}

// InLayout tells whether the image is in an OCI image layout.
func (r Reference) InLayout() bool { return r.Layout != "" }

// ByDigest is the image with a digest in the same place.
func (r Reference) ByDigest(digest string) Reference {
	r.Tag, r.Digest = "", digest
	return r
}

// OnLoopback tells whether the image is in a registry of this machine. docker
// speaks plain HTTP with those too.
func (r Reference) OnLoopback() bool {
	host := r.Registry
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	host = strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
	return host == "localhost" || net.ParseIP(host).IsLoopback()
}

// checkDigest finds what can't be a digest.
func checkDigest(text string) error {
	if err := digest.Digest(text).Validate(); err != nil {
		return fmt.Errorf("%q: %w", text, err)
	}
	return nil
}
