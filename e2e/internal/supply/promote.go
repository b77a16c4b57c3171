package supply

import (
	"context"
	"fmt"
	"strings"

	"container-signing/internal/hint"
)

// CheckEmpty makes sure that what is found in production later was brought
// there by this run.
func (s *Supply) CheckEmpty(ctx context.Context) error {
	repositories, err := s.Reader.Repositories(ctx, s.Production, true)
	if err != nil {
		return err
	}
	if len(repositories) > 0 {
		return hint.Add(fmt.Errorf("the production registry %s isn't empty before the copy: it holds %s",
			s.Production, strings.Join(repositories, ", ")), "give an empty one")
	}
	return nil
}

// Copy copies the images to production: with their signatures, the unsigned
// one that has none, and one without the signature that it has.
func (s *Supply) Copy(ctx context.Context) error {
	for _, role := range s.roles() {
		if err := s.ORAS.Copy(ctx, s.InCI(role), s.InProduction(role)); err != nil {
			return err
		}
	}
	if err := s.ORAS.CopyBare(ctx, s.InProduction(Signed), s.InProduction(Moving)); err != nil {
		return err
	}
	return s.ORAS.CopyBare(ctx, s.InCI(Signed), s.Bare())
}

// MoveTag moves the tag that is there for it from the signed image to the
// unsigned one.
func (s *Supply) MoveTag(ctx context.Context) error {
	if err := s.ORAS.CopyBare(ctx, s.InProduction(Unsigned), s.InProduction(Moving)); err != nil {
		return fmt.Errorf("moving a tag: %w", err)
	}
	return nil
}

// Withdraw deletes the signature of the image that is there for it; of a user's
// own signer there is none.
func (s *Supply) Withdraw(ctx context.Context) error {
	if s.Digests[Withdrawn] == "" {
		return nil
	}
	if err := s.Reader.DeleteSignatures(ctx, s.Pinned(Withdrawn)); err != nil {
		return fmt.Errorf("withdrawing a signature: %w", err)
	}
	return nil
}

// A Step runs something under a name that a person reads.
type Step func(ctx context.Context, name string, f func(context.Context) error) error

// Promote brings the images to production, compares them there with those in
// CI, and verifies them.
func (s *Supply) Promote(ctx context.Context, do Step) error {
	if err := do(ctx, "oras cp -r, from ci to production", func(ctx context.Context) error {
		if err := s.CheckEmpty(ctx); err != nil {
			return err
		}
		return s.Copy(ctx)
	}); err != nil {
		return err
	}
	return do(ctx, "notation verify, in production", func(ctx context.Context) error {
		if err := s.Compare(ctx); err != nil {
			return err
		}
		return s.Verify(ctx)
	})
}
