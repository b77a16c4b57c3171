package main

import (
	"fmt"
	"path/filepath"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"

	"container-signing/e2e/internal/chain"
	"container-signing/e2e/internal/judge"
	"container-signing/tools"
)

// The roles of the images of a run.
const (
	// signed is the image to sign, as it was given: an index of several
	// platforms, or a single image.
	signed = "signed"
	// singlePlatform is the image for one platform, signed on its own in the
	// demonstration. A signer of the user's own, who may be a person, is asked
	// for one signature only.
	singlePlatform = "single-platform"
	// unsigned is never signed.
	unsigned = "unsigned"
	// anotherCA is signed with a certificate of a CA that nobody trusts.
	anotherCA = "another-ca"
	// moving is a second tag of the signed image in production, which is
	// moved to the unsigned one at the end.
	moving = "moving"
)

// supply takes the images of a run from their source to production.
type supply struct {
	oras       chain.ORAS
	notation   chain.Notation
	options    options
	identity   identity
	another    identity // of a CA that nobody trusts
	source     string   // of the image to sign, as oras takes it
	repository string
	tag        string
	// demonstration says that the signer isn't the user's own, and may be
	// asked for more signatures than one.
	demonstration bool

	child  string            // digest of one platform inside the signed index
	pushed map[string]string // digests in the CI registry, by role
}

// faultUnsigned is what is wrong with an image that nobody has signed.
const faultUnsigned = "unsigned"

// defaultRepository names the demonstration image.
const defaultRepository = "busybox"

// repositoryOf returns the repository and the tag that an image gets in the
// run's registries: those that it has, without its registry.
func repositoryOf(reference string) (repository, tag string, err error) {
	if reference == "" {
		return defaultRepository, tools.BusyboxTag, nil
	}
	if chain.IsLayout(reference) {
		folder := chain.LayoutFolder(reference)
		tag, isTag := strings.CutPrefix(strings.TrimPrefix(reference, folder), ":")
		if !isTag {
			tag = "latest"
		}
		return strings.ToLower(filepath.Base(folder)), tag, nil
	}
	parsed, err := name.ParseReference(reference)
	if err != nil {
		return "", "", fmt.Errorf("reading --image %q: %w", reference, err)
	}
	tag = parsed.Identifier()
	if _, isDigest := parsed.(name.Digest); isDigest {
		tag = "latest"
	}
	return parsed.Context().RepositoryStr(), tag, nil
}

// checkReference finds a flag that names no image in a registry.
func checkReference(flag, reference string) error {
	if _, err := name.ParseReference(reference); err != nil {
		return usagef("reading --%s %q: %w; give an image in a registry, such as registry.example.com/app:1.0", flag, reference, err)
	}
	return nil
}

// canonical spells out the short names that docker takes and oras doesn't:
// busybox is docker.io/library/busybox:latest.
func canonical(reference string) string {
	if chain.IsLayout(reference) || chain.IsPath(reference) {
		return reference
	}
	parsed, err := name.ParseReference(reference)
	if err != nil {
		return reference // it has been read before
	}
	return strings.Replace(parsed.Name(), name.DefaultRegistry, "docker.io", 1)
}

// reference names the image of a role in a registry.
func (s *supply) reference(registry, role string) string {
	reference := registry + "/" + s.repository + ":" + s.tag
	if role != signed {
		reference += "-" + role
	}
	return reference
}

func (s *supply) ci(role string) string { return s.reference(s.options.ciRegistry, role) }

func (s *supply) production(role string) string { return s.reference(s.options.production, role) }

// bare is the repository in production to which the signed image is copied
// without its signature.
func (s *supply) bare() string {
	return s.options.production + "/" + s.repository + "-without-signature:" + s.tag
}

// images returns the images that workloads can name.
func (s *supply) images() judge.Images {
	if s.pushed == nil {
		return nil // the workloads name real images
	}
	at := func(role string) judge.Image {
		return judge.Image{Reference: s.production(role), Digest: s.pushed[role]}
	}
	pinned := func(role string) judge.Image {
		return judge.Image{Reference: chain.ByDigest(s.production(role), s.pushed[role]), Digest: s.pushed[role]}
	}
	single := singlePlatform
	if s.pushed[single] == "" {
		single = signed
	}
	withSame := func(image judge.Image, role string) judge.Image {
		image.SameContent = []string{s.pushed[role]}
		return image
	}
	child, childFault := s.child, "unsigned platform of a signed index"
	if child == "" {
		// The image is no index. Its unsigned variant then stands for a
		// platform of one.
		child, childFault = s.pushed[unsigned], faultUnsigned
	}
	// For these faults notation has refused them, as verify makes sure.
	faulty := func(image judge.Image, fault string) judge.Image {
		image.Fault = fault
		return image
	}
	return judge.Images{
		"signed":                            withSame(at(signed), single),
		"signed-by-digest":                  withSame(pinned(signed), single),
		"signed-by-tag-and-digest":          {Reference: s.production(signed) + "@" + s.pushed[signed], Digest: s.pushed[signed]},
		"signed-single-platform":            withSame(at(single), signed),
		movedImage:                          {Reference: s.production(moving), Digest: s.pushed[signed], Fault: "tag moved to an unsigned image"},
		"unsigned":                          faulty(at(unsigned), faultUnsigned),
		"unsigned-by-digest":                faulty(pinned(unsigned), faultUnsigned),
		"signed-by-another-ca":              faulty(at(anotherCA), "signed by another CA"),
		"copied-without-signature":          {Reference: s.bare(), Digest: s.pushed[signed], Fault: "copied without its signature"},
		"unsigned-platform-of-signed-index": {Reference: chain.ByDigest(s.production(signed), child), Digest: child, Fault: childFault},
		"missing":                           {Reference: s.production(signed) + "-missing", Fault: "no such image"},
	}
}
