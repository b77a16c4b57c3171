package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"container-signing/e2e/internal/chain"
	"container-signing/e2e/internal/image"
)

// push brings the image to sign to the CI registry, and derives the others
// from it there.
func (s *supply) push(ctx context.Context) error {
	digest, err := s.oras.Push(ctx, s.source, s.ci(signed))
	if err != nil {
		return err
	}
	targets := map[string]string{}
	for _, role := range s.roles() {
		if role != signed {
			targets[role] = s.ci(role)
		}
	}
	if s.pushed, s.child, err = image.Derive(ctx, s.ci(signed), targets); err != nil {
		return err
	}
	s.pushed[signed] = digest
	return nil
}

// signers tells who signs the images, by role.
func (s *supply) signers() map[string]identity {
	signers := map[string]identity{signed: s.identity, anotherCA: s.another}
	if s.demonstration {
		signers[singlePlatform] = s.identity
	}
	return signers
}

// roles lists the images that are pushed to CI and copied to production.
func (s *supply) roles() []string {
	return append(slices.Sorted(maps.Keys(s.signers())), unsigned)
}

// sign signs in the CI registry, by digest: a tag could be moved between the
// look and the signature.
func (s *supply) sign(ctx context.Context) error {
	work, ctx := errgroup.WithContext(ctx)
	for role, identity := range s.signers() {
		work.Go(func() error {
			return s.signAs(ctx, role, identity)
		})
	}
	return work.Wait()
}

// signAs signs the image of a role.
func (s *supply) signAs(ctx context.Context, role string, by identity) error {
	return s.notation.Sign(ctx, by.Signing, chain.ByDigest(s.ci(role), s.pushed[role]))
}

// checkEmpty makes sure that what is found in production later was brought
// there by this run.
func (s *supply) checkEmpty(ctx context.Context) error {
	repositories, err := s.oras.Repositories(ctx, s.options.production)
	if err != nil {
		return err
	}
	if len(repositories) > 0 {
		return fmt.Errorf("the production registry %s isn't empty before the copy: it holds %s; give an empty one", s.options.production, strings.Join(repositories, ", "))
	}
	return nil
}

// copy copies the images to production: with their signatures, the unsigned
// one that has none, and one without the signature that it has.
func (s *supply) copy(ctx context.Context) error {
	for _, role := range s.roles() {
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
	for _, role := range s.roles() {
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
		wanted := 0
		if _, isSigned := s.signers()[role]; isSigned {
			wanted = 1
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
	for role := range s.signers() {
		if role == anotherCA {
			continue
		}
		if err := s.notation.Verify(ctx, chain.ByDigest(s.production(role), s.pushed[role])); err != nil {
			return err
		}
	}
	const noSignature, notTrusted = "no signature is associated with", "signature verification failed"
	refused := map[string]string{
		chain.ByDigest(s.production(unsigned), s.pushed[unsigned]):   noSignature,
		chain.ByDigest(s.bare(), s.pushed[signed]):                   noSignature,
		chain.ByDigest(s.production(anotherCA), s.pushed[anotherCA]): notTrusted,
	}
	if s.child != "" {
		refused[chain.ByDigest(s.production(signed), s.child)] = noSignature
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
