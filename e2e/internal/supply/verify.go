package supply

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"container-signing/e2e/internal/notation"
	"container-signing/e2e/internal/reference"
)

// Verify verifies in production: what was signed passes, and what wasn't is
// refused by notation for the reason for which the cluster is to refuse it.
func (s *Supply) Verify(ctx context.Context) error {
	s.Verified = nil
	for _, role := range s.trustedRoles() {
		if err := s.Notation.Verify(ctx, s.Pinned(role)); err != nil {
			return err
		}
		s.Verified = append(s.Verified, role)
	}
	s.Refusals = map[string]string{}
	for name, refused := range s.refused() {
		if err := s.Notation.Refuses(ctx, refused.image, refused.because); err != nil {
			return err
		}
		s.Refusals[name] = refused.fault
	}
	return nil
}

type refused struct {
	image   reference.Reference
	because notation.Refusal
	fault   string // what is wrong with it, in a few words
}

// refused are the images that nothing may accept, by what workloads call them.
func (s State) refused() map[string]refused {
	all := map[string]refused{
		"unsigned":             {s.Pinned(Unsigned), notation.Unsigned, "unsigned"},
		"signed-by-another-ca": {s.Pinned(AnotherCA), notation.Untrusted, "signed by another CA"},
		"copied-without-signature": {
			s.Bare().ByDigest(s.Digests[Signed]), notation.Unsigned, "copied without its signature",
		},
	}
	if s.Platform != "" {
		all["unsigned-platform-of-signed-index"] = refused{
			s.InProduction(Signed).ByDigest(s.Platform), notation.Unsigned, "unsigned platform of a signed index",
		}
	}
	return all
}

// CheckVerified makes sure that the images have been compared and verified:
// without that the verdicts of a cluster prove nothing about the chain.
func (s State) CheckVerified() error {
	if s.Signature == "" {
		return errors.New("the images in production haven't been compared with those in CI")
	}
	for _, role := range s.trustedRoles() {
		if !slices.Contains(s.Verified, role) {
			return fmt.Errorf("notation wasn't asked whether it accepts the image %s", role)
		}
	}
	for name := range s.refused() {
		if s.Refusals[name] == "" {
			return errors.New("notation wasn't asked whether it refuses the image " + name)
		}
	}
	return s.checkForged()
}
