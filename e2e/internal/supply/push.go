package supply

import (
	"context"

	"container-signing/e2e/internal/image"
	"container-signing/e2e/internal/oras"
	"container-signing/e2e/internal/reference"
)

// Push brings the image to sign from its source to the CI registry by a CLI
// that may read there, and derives the other images from it.
func (s *Supply) Push(ctx context.Context, by oras.CLI, source reference.Reference) error {
	if err := by.CopyBare(ctx, source, s.InCI(Signed)); err != nil {
		return err
	}
	return s.derive(ctx)
}

// derive makes the other images out of the one to sign, all in CI.
func (s *Supply) derive(ctx context.Context) error {
	digest, err := s.Reader.Digest(ctx, s.InCI(Signed))
	if err != nil {
		return err
	}
	targets := map[Role]reference.Reference{}
	for _, role := range s.others() {
		targets[role] = s.InCI(role)
	}
	derived, err := image.Derive(ctx, image.Direct(), s.InCI(Signed), targets)
	if err != nil {
		return err
	}
	s.Digests, s.Platform = derived.Digests, derived.Platform
	s.Digests[Signed] = digest
	return nil
}
