package supply

import (
	"slices"

	"container-signing/e2e/internal/notation"
	"container-signing/e2e/internal/oras"
	"container-signing/e2e/internal/reference"
	"container-signing/e2e/internal/repository"
)

// A State is what is known of the images, and what separate commands tell each
// other of them.
type State struct {
	Place
	// Demonstration says that the signer isn't the user's own, and may be
	// asked for more signatures than one.
	Demonstration bool `json:"demonstration"`
	// Digests are the digests in the CI registry.
	Digests map[Role]string `json:"digests"`
	// Platform is the digest of one platform inside the signed index.
	Platform string `json:"platform,omitempty"`
	// Signature is the digest of the signature of the signed image, once that
	// is in production.
	Signature string `json:"signature,omitempty"`
	// Verified are the images in production that notation accepts.
	Verified []Role `json:"verified,omitempty"`
	// Refusals say in a few words why notation refuses images in production,
	// by what workloads call these images.
	Refusals map[string]string `json:"refusals,omitempty"`
	// Forged are the images that an intruder has pushed to production, by what
	// workloads call them. notation has been asked about each.
	Forged map[string]Forged `json:"forged,omitempty"`
}

// A Supply works on the images of a run with the tools.
type Supply struct {
	State
	ORAS     oras.CLI
	Notation notation.CLI
	Reader   repository.Reader // of both registries
}

// trustedRoles are those that are signed by whom the cluster is to trust.
func (s State) trustedRoles() []Role {
	if s.Demonstration {
		return []Role{Signed, SinglePlatform, Withdrawn}
	}
	return []Role{Signed}
}

// roles lists the images that are pushed to CI and copied to production.
func (s State) roles() []Role { return append(s.trustedRoles(), AnotherCA, Unsigned) }

// signatures is how many signatures the image of a role has.
func (s State) signatures(role Role) int {
	if role == AnotherCA || slices.Contains(s.trustedRoles(), role) {
		return 1
	}
	return 0
}

// pinnedInCI is the image of a role by its digest.
func (s State) pinnedInCI(role Role) reference.Reference {
	return s.InCI(role).ByDigest(s.Digests[role])
}

// Pinned is the image of a role in production, by its digest.
func (s State) Pinned(role Role) reference.Reference {
	return s.InProduction(role).ByDigest(s.Digests[role])
}

// others are the roles of images that are made out of the signed one.
func (s State) others() []Role {
	return slices.DeleteFunc(s.roles(), func(role Role) bool { return role == Signed })
}
