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
)

// supply takes the images of a run from their source to production.
type supply struct {
	oras       chain.ORAS
	notation   chain.Notation
	options    options
	identity   identity
	another    identity // of another CA, which nobody trusts
	busybox    string   // folder of the busybox commands
	dir        string
	repository string
	tag        string

	layout image.Layout
	child  string            // digest of one platform inside the signed index
	pushed map[string]string // digests in the CI registry, by the layout's tag
}

// defaultRepository and defaultTag name the demonstration image.
const (
	defaultRepository = "busybox"
	defaultTag        = "u-root"
)

// repositoryOf returns the repository and the tag that an image gets in the
// run's registries: those that it has, without its registry.
func repositoryOf(reference string) (repository, tag string, err error) {
	if reference == "" {
		return defaultRepository, defaultTag, nil
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

// prepare brings the image to sign into an OCI image layout and derives from
// it those that must be refused.
func (s *supply) prepare(ctx context.Context) error {
	var err error
	target := filepath.Join(s.dir, "image")
	if s.options.image != "" {
		if err := s.oras.Fetch(ctx, canonical(s.options.image), target+":"+image.Signed); err != nil {
			return err
		}
		s.layout = image.OpenLayout(target)
	} else {
		index, err := image.Busybox(s.busybox)
		if err != nil {
			return err
		}
		if s.layout, err = image.CreateLayout(target); err != nil {
			return err
		}
		if err := s.layout.AddSigned(index); err != nil {
			return err
		}
	}
	s.child, err = s.layout.Derive()
	return err
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

// tags are the tags in the registries, by the tags in the layout.
func (s *supply) tags() map[string]string {
	tags := map[string]string{image.Signed: s.tag}
	for _, tag := range []string{image.SinglePlatform, image.Unsigned, image.AnotherCA} {
		tags[tag] = s.tag + "-" + tag
	}
	return tags
}

func (s *supply) ci(tag string) string {
	return s.options.ciRegistry + "/" + s.repository + ":" + s.tags()[tag]
}

func (s *supply) production(tag string) string {
	return s.options.production + "/" + s.repository + ":" + s.tags()[tag]
}

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

// push pushes all images to the CI registry.
func (s *supply) push(ctx context.Context) error {
	s.pushed = map[string]string{}
	// One after the other: oras locks nothing in a layout, and they share
	// their layers, so that all but the first are only a manifest.
	for _, tag := range []string{image.Signed, image.SinglePlatform, image.Unsigned, image.AnotherCA} {
		digest, err := s.oras.Push(ctx, s.layout.Reference(tag), s.ci(tag))
		if err != nil {
			return err
		}
		s.pushed[tag] = digest
	}
	return nil
}

// sign signs in the CI registry, by digest: a tag could be moved between the
// look and the signature.
func (s *supply) sign(ctx context.Context) error {
	work, ctx := errgroup.WithContext(ctx)
	for tag, identity := range map[string]identity{
		image.Signed: s.identity, image.SinglePlatform: s.identity, image.AnotherCA: s.another,
	} {
		work.Go(func() error {
			return s.notation.Sign(ctx, identity.Signing, byDigest(s.ci(tag), s.pushed[tag]))
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
	for _, tag := range []string{image.Signed, image.SinglePlatform, image.Unsigned, image.AnotherCA} {
		if err := s.oras.Copy(ctx, s.ci(tag), s.production(tag)); err != nil {
			return err
		}
	}
	return s.oras.CopyBare(ctx, s.ci(image.Signed), s.bare())
}

// compare makes sure that production holds the same images and the same
// signatures as CI, and returns the signature's digest of the signed image.
func (s *supply) compare(ctx context.Context) (string, error) {
	var signature string
	for tag, wanted := range map[string]int{image.Signed: 1, image.SinglePlatform: 1, image.AnotherCA: 1, image.Unsigned: 0} {
		digest, err := s.oras.Resolve(ctx, s.production(tag))
		if err != nil {
			return "", err
		}
		if digest != s.pushed[tag] {
			return "", fmt.Errorf("comparing %q with %q: the digests differ: %s and %s", s.production(tag), s.ci(tag), digest, s.pushed[tag])
		}
		before, err := s.oras.Signatures(ctx, s.ci(tag))
		if err != nil {
			return "", err
		}
		after, err := s.oras.Signatures(ctx, s.production(tag))
		if err != nil {
			return "", err
		}
		if !slices.Equal(before, after) || len(after) != wanted {
			return "", fmt.Errorf("comparing the signatures of %q with those of %q: %v and %v, where %d should be the same", s.production(tag), s.ci(tag), after, before, wanted)
		}
		if tag == image.Signed {
			signature = after[0]
		}
	}
	return signature, nil
}

// verify verifies in production: what was signed passes, and what wasn't
// doesn't.
func (s *supply) verify(ctx context.Context) error {
	for _, tag := range []string{image.Signed, image.SinglePlatform} {
		if err := s.notation.Verify(ctx, byDigest(s.production(tag), s.pushed[tag])); err != nil {
			return err
		}
	}
	for _, tag := range []string{image.Unsigned, image.AnotherCA} {
		reference := byDigest(s.production(tag), s.pushed[tag])
		if err := s.notation.Verify(ctx, reference); err == nil {
			return fmt.Errorf("verifying image %q: notation accepts it, though it must not", reference)
		} else if ctx.Err() != nil {
			return err
		}
	}
	return nil
}

// images returns the images that workloads can name.
func (s *supply) images() judge.Images {
	at := func(tag string) judge.Image {
		return judge.Image{Reference: s.production(tag), Digest: s.pushed[tag]}
	}
	pinned := func(tag string) judge.Image {
		return judge.Image{Reference: byDigest(s.production(tag), s.pushed[tag]), Digest: s.pushed[tag]}
	}
	child := s.child
	if child == "" {
		// The image is no index. Its unsigned variant then stands for a
		// platform of one.
		child = s.pushed[image.Unsigned]
	}
	return judge.Images{
		"signed":                            at(image.Signed),
		"signed-by-digest":                  pinned(image.Signed),
		"signed-by-tag-and-digest":          {Reference: s.production(image.Signed) + "@" + s.pushed[image.Signed], Digest: s.pushed[image.Signed]},
		"signed-single-platform":            at(image.SinglePlatform),
		"unsigned":                          at(image.Unsigned),
		"unsigned-by-digest":                pinned(image.Unsigned),
		"signed-by-another-ca":              at(image.AnotherCA),
		"copied-without-signature":          {Reference: s.bare(), Digest: s.pushed[image.Signed]},
		"unsigned-platform-of-signed-index": {Reference: byDigest(s.production(image.Signed), child), Digest: child},
		"missing":                           {Reference: s.production(image.Signed) + "-missing"},
	}
}
