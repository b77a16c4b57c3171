package command

import (
	"context"

	"github.com/spf13/cobra"

	"container-signing/e2e/internal/notation"
	"container-signing/e2e/internal/oras"
	"container-signing/e2e/internal/release"
	"container-signing/e2e/internal/repository"
	"container-signing/e2e/internal/run"
	"container-signing/e2e/internal/session"
	"container-signing/e2e/internal/supply"
)

// newPush pushes the image to the CI registry with the others that are derived
// from it, one of them signed with a certificate of a CA that nobody trusts.
func newPush() *cobra.Command {
	var settings session.Settings
	var registries supply.Registries
	var signer supply.Signer
	var image, state string
	var own bool
	cmd := newVerb("push", "Push the image to the CI registry, with those that are derived from it", "state")
	flags := cmd.Flags()
	addImage(flags, &image)
	addCIRegistry(flags, &registries)
	addSignature(flags, &signer)
	flags.BoolVar(&own, "own-signer", false, "the signer is the user's own, and is asked for one signature only")
	flags.StringVar(&state, "state", "", "`file` to write what was pushed to, as JSON")
	addVerbose(flags, &settings)
	addTimeout(flags, &settings)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if err := checkFile("state", state); err != nil {
			return err
		}
		source, err := run.ReadSource(image)
		if err != nil {
			return err
		}
		programs, err := session.Build(cmd.Context(), "oras", "notation", "busybox")
		if err != nil {
			return err
		}
		return session.Run(cmd.Context(), settings, programs, func(ctx context.Context, s *session.Session) error {
			images := &supply.Supply{
				Notation: notation.AsUser(s.Tool("notation")), Reader: repository.Direct(),
				State: supply.State{
					Place:         supply.Place{Registries: registries, Repository: source.Repository, Tag: source.Tag},
					Demonstration: !own,
				},
			}
			if err := s.Do(ctx, "push the image to ci", func(ctx context.Context) error {
				from := source.In(s.Programs["busybox"])
				return images.Push(ctx, oras.Reading(from, s.Tool("oras"), s.In("docker")), from)
			}); err != nil {
				return err
			}
			if err := s.Do(ctx, "notation sign, by a CA that nobody trusts", func(ctx context.Context) error {
				another, err := run.MakeAnother(signer, s.In("another-ca"))
				if err != nil {
					return err
				}
				return images.SignByAnother(ctx, another.Signing)
			}); err != nil {
				return err
			}
			return release.WriteJSON(state, images.State)
		})
	}
	return cmd
}
