package main

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
	"golang.org/x/sync/errgroup"

	"container-signing/e2e/internal/chain"
	"container-signing/e2e/internal/image"
	"container-signing/e2e/internal/judge"
	"container-signing/tools"
)

// The roles of the images of a run.
const (
	// signed is the image to sign, as it was given: an index of several
	// platforms, or a single image.
	signed = "signed"
	// singlePlatform is the image for one platform, signed on its own.
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

	child  string            // digest of one platform inside the signed index
	pushed map[string]string // digests in the CI registry, by role
}

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
		return strings.ToLower(filepath.Base(folder)), "latest", nil
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

// canonical spells out the short names that docker takes and oras doesn't:
// busybox is docker.io/library/busybox:latest.
func canonical(reference string) string {
	if chain.IsLayout(reference) {
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

// byDigest is the reference of an image in the registry and repository of
// another reference by its digest.
func byDigest(reference, digest string) string {
	return reference[:strings.LastIndex(reference, ":")] + "@" + digest
}

// push brings the image to sign to the CI registry, and derives the others
// from it there.
func (s *supply) push(ctx context.Context) error {
	digest, err := s.oras.Push(ctx, s.source, s.ci(signed))
	if err != nil {
		return err
	}
	targets := map[string]string{}
	for _, role := range []string{singlePlatform, unsigned, anotherCA} {
		targets[role] = s.ci(role)
	}
	if s.pushed, s.child, err = image.Derive(ctx, s.ci(signed), targets); err != nil {
		return err
	}
	s.pushed[signed] = digest
	return nil
}

// sign signs in the CI registry, by digest: a tag could be moved between the
// look and the signature.
func (s *supply) sign(ctx context.Context) error {
	work, ctx := errgroup.WithContext(ctx)
	for role, identity := range map[string]identity{
		signed: s.identity, singlePlatform: s.identity, anotherCA: s.another,
	} {
		work.Go(func() error {
			return s.notation.Sign(ctx, identity.Signing, byDigest(s.ci(role), s.pushed[role]))
		})
	}
	return work.Wait()
}

// checkEmpty makes sure that what is found in production later was brought
// there by this run.
func (s *supply) checkEmpty(ctx context.Context) error {
	repositories, err := s.oras.Repositories(ctx, s.options.production)
	if err != nil {
		return err
	}
	if len(repositories) > 0 {
		return fmt.Errorf("the production registry %s isn't empty before the copy: it holds %s", s.options.production, strings.Join(repositories, ", "))
	}
	return nil
}

// copy copies the images to production: with their signatures, the unsigned
// one that has none, and one without the signature that it has.
func (s *supply) copy(ctx context.Context) error {
	for _, role := range []string{signed, singlePlatform, unsigned, anotherCA} {
		if err := s.oras.Copy(ctx, s.ci(role), s.production(role)); err != nil {
			return err
		}
	}
	if err := s.oras.CopyBare(ctx, s.production(signed), s.production(moving)); err != nil {
		return err
	}
	return s.oras.CopyBare(ctx, s.ci(signed), s.bare())
}

// compare makes sure that production holds the same images and the same
// signatures as CI, and returns the signature's digest of the signed image.
func (s *supply) compare(ctx context.Context) (string, error) {
	var signature string
	for role, wanted := range map[string]int{signed: 1, singlePlatform: 1, anotherCA: 1, unsigned: 0} {
		digest, err := s.oras.Resolve(ctx, s.production(role))
		if err != nil {
			return "", err
		}
		if digest != s.pushed[role] {
			return "", fmt.Errorf("comparing %q with %q: the digests differ: %s and %s", s.production(role), s.ci(role), digest, s.pushed[role])
		}
		before, err := s.oras.Signatures(ctx, s.ci(role))
		if err != nil {
			return "", err
		}
		after, err := s.oras.Signatures(ctx, s.production(role))
		if err != nil {
			return "", err
		}
		if !slices.Equal(before, after) || len(after) != wanted {
			return "", fmt.Errorf("comparing the signatures of %q with those of %q: %v and %v, where %d should be the same", s.production(role), s.ci(role), after, before, wanted)
		}
		if role == signed {
			signature = after[0]
		}
	}
	return signature, nil
}

// verify verifies in production: what was signed passes, and what wasn't is
// refused by notation for the reason for which the cluster is to refuse it.
func (s *supply) verify(ctx context.Context) error {
	for _, role := range []string{signed, singlePlatform} {
		if err := s.notation.Verify(ctx, byDigest(s.production(role), s.pushed[role])); err != nil {
			return err
		}
	}
	const noSignature, notTrusted = "no signature is associated with", "signature verification failed"
	refused := map[string]string{
		byDigest(s.production(unsigned), s.pushed[unsigned]):   noSignature,
		byDigest(s.bare(), s.pushed[signed]):                   noSignature,
		byDigest(s.production(anotherCA), s.pushed[anotherCA]): notTrusted,
	}
	if s.child != "" {
		refused[byDigest(s.production(signed), s.child)] = noSignature
	}
	for reference, because := range refused {
		err := s.notation.Verify(ctx, reference)
		if err == nil {
			return fmt.Errorf("verifying image %q: notation accepts it, though it must not", reference)
		}
		if !strings.Contains(err.Error(), because) {
			return fmt.Errorf("notation must refuse the image because %q, but: %w", because, err)
		}
	}
	return nil
}

// images returns the images that workloads can name.
func (s *supply) images() judge.Images {
	at := func(role string) judge.Image {
		return judge.Image{Reference: s.production(role), Digest: s.pushed[role]}
	}
	pinned := func(role string) judge.Image {
		return judge.Image{Reference: byDigest(s.production(role), s.pushed[role]), Digest: s.pushed[role]}
	}
	child := s.child
	if child == "" {
		// The image is no index. Its unsigned variant then stands for a
		// platform of one.
		child = s.pushed[unsigned]
	}
	return judge.Images{
		"signed":                            at(signed),
		"signed-by-digest":                  pinned(signed),
		"signed-by-tag-and-digest":          {Reference: s.production(signed) + "@" + s.pushed[signed], Digest: s.pushed[signed]},
		"signed-single-platform":            at(singlePlatform),
		movedImage:                          {Reference: s.production(moving), Digest: s.pushed[signed]},
		"unsigned":                          at(unsigned),
		"unsigned-by-digest":                pinned(unsigned),
		"signed-by-another-ca":              at(anotherCA),
		"copied-without-signature":          {Reference: s.bare(), Digest: s.pushed[signed]},
		"unsigned-platform-of-signed-index": {Reference: byDigest(s.production(signed), child), Digest: child},
		"missing":                           {Reference: s.production(signed) + "-missing"},
	}
}
