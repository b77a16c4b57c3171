package supply

import (
	"context"

	"golang.org/x/sync/errgroup"

	"container-signing/e2e/internal/notation"
)

// Sign signs in the CI registry, by digest: a tag could be moved between the
// look and the signature.
func (s *Supply) Sign(ctx context.Context, with notation.Signing) error {
	work, ctx := errgroup.WithContext(ctx)
	for _, role := range s.trustedRoles() {
		work.Go(func() error { return s.Notation.Sign(ctx, with, s.pinnedInCI(role)) })
	}
	return work.Wait()
}

// SignByAnother signs the image that is there for it by a CA that nobody
// trusts.
func (s *Supply) SignByAnother(ctx context.Context, with notation.Signing) error {
	return s.Notation.Sign(ctx, with, s.pinnedInCI(AnotherCA))
}
