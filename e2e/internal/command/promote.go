package command

import (
	"context"

	"github.com/spf13/cobra"

	"container-signing/e2e/internal/notation"
	"container-signing/e2e/internal/oras"
	"container-signing/e2e/internal/release"
	"container-signing/e2e/internal/repository"
	"container-signing/e2e/internal/session"
	"container-signing/e2e/internal/supply"
	"container-signing/e2e/internal/usage"
)

// newPromote copies the images from the CI registry to production, compares
// them there, and verifies them with notation, which it makes trust the CA if
// one is given. Then it pushes there what an intruder would, which notation has to
// refuse.
func newPromote() *cobra.Command {
	var settings session.Settings
	var registries supply.Registries
	var ca, keys, file string
	cmd := newVerb("promote", "Copy the images of a run from CI to production, compare, verify and forge", "state")
	flags := cmd.Flags()
	addCIRegistry(flags, &registries)
	addProductionRegistry(flags, &registries)
	flags.StringVar(&ca, "ca", "", "`file` with a CA for notation to trust (default: what it trusts already)")
	flags.StringVar(&keys, "keys", "",
		"`folder` of `e2e certificates` with the keys of the demonstration, for what a careless CA makes possible")
	flags.StringVar(&file, "state", "",
		"`file` that `e2e push` has written; what is found out about the images is added to it")
	addVerbose(flags, &settings)
	addTimeout(flags, &settings)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if ca != "" {
			if err := checkCertificates("ca", ca); err != nil {
				return err
			}
		}
		state, err := supply.ReadState(file)
		if err != nil {
			return usage.Errorf("reading --state: %w", err)
		}
		state.Registries = registries
		with, err := supply.Means(keys)
		if err != nil {
			return usage.Errorf("reading --keys: %w", err)
		}
		programs, err := session.Build(cmd.Context(), "oras", "notation")
		if err != nil {
			return err
		}
		return session.Run(cmd.Context(), settings, programs, func(ctx context.Context, s *session.Session) error {
			images := &supply.Supply{
				State: state, Reader: repository.Direct(),
				ORAS: oras.Direct(s.Tool("oras"), s.In("docker")), Notation: notation.AsUser(s.Tool("notation")),
			}
			if ca != "" {
				if err := images.Notation.Trust(ctx, notation.TrustName, ca, s.Dir); err != nil {
					return err
				}
			}
			if err := images.Promote(ctx, s.Do); err != nil {
				return err
			}
			if err := s.Do(ctx, "push what an intruder would to production", func(ctx context.Context) error {
				return images.Forge(ctx, with)
			}); err != nil {
				return err
			}
			return release.WriteJSON(file, images.State)
		})
	}
	return cmd
}
