package supply

import (
	"context"
	"fmt"
	"slices"
)

// Compare makes sure that production holds the same images and the same
// signatures as CI, and finds the signature of the signed image.
func (s *Supply) Compare(ctx context.Context) error {
	for _, role := range s.roles() {
		digest, err := s.Reader.Digest(ctx, s.InProduction(role))
		if err != nil {
			return err
		}
		if digest != s.Digests[role] {
			return fmt.Errorf("comparing %q with %q: the digests differ: %s and %s",
				s.InProduction(role), s.InCI(role), digest, s.Digests[role])
		}
		signatures, err := s.compareSignatures(ctx, role)
		if err != nil {
			return err
		}
		if role == Signed {
			s.Signature = signatures[0]
		}
	}
	return nil
}

// compareSignatures returns the signatures of an image in production, which are
// those that it has in CI, and as many as it should have.
func (s *Supply) compareSignatures(ctx context.Context, role Role) ([]string, error) {
	before, err := s.Reader.Signatures(ctx, s.InCI(role))
	if err != nil {
		return nil, err
	}
	after, err := s.Reader.Signatures(ctx, s.InProduction(role))
	if err != nil {
		return nil, err
	}
	if wanted := s.signatures(role); !slices.Equal(before, after) || len(after) != wanted {
		return nil,
			fmt.Errorf("comparing the signatures of %q with those of %q: %v and %v, where %d should be the same",
				s.InProduction(role), s.InCI(role), after, before, wanted)
	}
	return after, nil
}
