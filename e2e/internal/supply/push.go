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
	digest, err := s.Reader.Digest(ctx, s.InCI(Signed))
	if err != nil {
		return err
	}
	targets := map[string]string{}
	for _, role := range s.others() {
		targets[string(role)] = s.InCI(role).String()
	}
	derived, platform, err := image.Derive(ctx, s.InCI(Signed).String(), targets)
	if err != nil {
		return err
	}
	s.Digests, s.Platform = map[Role]string{Signed: digest}, platform
	for role, digest := range derived {
		s.Digests[Role(role)] = digest
	}
	return nil
}
