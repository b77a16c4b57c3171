// Package supply takes the images of a run from their source through the CI
// registry to production: pushed, signed there, copied, compared and verified.
package supply

import (
	"container-signing/e2e/internal/reference"
)

// A Role is what an image is there for in a run.
type Role string

const (
	// Signed is the image to sign, as it was given: an index of several
	// platforms, or a single image.
	Signed Role = "signed"
	// SinglePlatform is the image for one platform, signed on its own in the
	// demonstration. A signer of the user's own, who may be a person, is asked
	// for one signature only.
	SinglePlatform Role = "single-platform"
	// Unsigned is never signed.
	Unsigned Role = "unsigned"
	// AnotherCA is signed with a certificate of a CA that nobody trusts.
	AnotherCA Role = "another-ca"
	// Withdrawn is one more of the demonstration's, whose signature in production
	// is deleted at the end.
	Withdrawn Role = "withdrawn"
	// Moving is a second tag of the signed image in production, which is
	// moved to the unsigned one at the end.
	Moving Role = "moving"
)

// Registries are the addresses of the two registries. They speak plain HTTP, unless
// they are secure.
type Registries struct {
	CI, Production string
	Secure         bool
}

// A Place is where the images of a run are in both registries.
type Place struct {
	Registries `json:"-"`
	Repository string `json:"repository"`
	Tag        string `json:"tag"`
}

// InCI is the image of a role in the CI registry.
func (p Place) InCI(role Role) reference.Reference { return p.at(p.CI, role) }

// InProduction is the image of a role in the production registry.
func (p Place) InProduction(role Role) reference.Reference { return p.at(p.Production, role) }

func (p Place) at(registry string, role Role) reference.Reference {
	tag := p.Tag
	if role != Signed {
		tag += "-" + string(role)
	}
	return reference.Reference{Registry: registry, Repository: p.Repository, Tag: tag, PlainHTTP: !p.Secure}
}

// Bare is the repository in production to which the signed image is copied
// without its signature.
func (p Place) Bare() reference.Reference {
	bare := p.InProduction(Signed)
	bare.Repository += "-without-signature"
	return bare
}
