package command

import (
	"context"

	"github.com/spf13/cobra"

	"container-signing/e2e/internal/oras"
	"container-signing/e2e/internal/reference"
	"container-signing/e2e/internal/release"
	"container-signing/e2e/internal/repository"
	"container-signing/e2e/internal/session"
	"container-signing/e2e/internal/usage"
)

// newCopy copies an image with its signatures from one registry to another, or
// to an OCI image layout and back, and makes sure that they are the same there.
func newCopy() *cobra.Command {
	var settings session.Settings
	var from, to, output string
	var plainFrom, plainTo bool
	cmd := newVerb("copy", "Copy a signed image to another registry, and compare", "from", "to")
	flags := cmd.Flags()
	flags.StringVar(&from, "from", "",
		"`reference` of the image; or, in an OCI layout, ./FOLDER:TAG, or ./FOLDER of the only one")
	flags.StringVar(&to, "to", "", "`reference` that it gets; or, in an OCI layout, ./FOLDER:TAG")
	flags.BoolVar(&plainFrom, "from-plain-http", false,
		"the registry of --from speaks plain HTTP, as one on loopback is taken to do anyway")
	flags.BoolVar(&plainTo, "to-plain-http", false,
		"the registry of --to speaks plain HTTP, as one on loopback is taken to do anyway")
	flags.StringVar(&output, "output", "", "`file` to write what was copied to, as JSON")
	addVerbose(flags, &settings)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		source, err := parseSide("from", from, plainFrom)
		if err != nil {
			return err
		}
		target, err := parseSide("to", to, plainTo)
		if err != nil {
			return err
		}
		if err := checkFile("output", output); err != nil {
			return err
		}
		if source, err = source.Only(); err != nil {
			return usage.Errorf("reading --from: %w", err)
		}
		return copyImage(cmd.Context(), settings, source, target, output)
	}
	return cmd
}

func copyImage(ctx context.Context, settings session.Settings, from, to reference.Reference, output string) error {
	reader, err := repository.AsUser()
	if err != nil {
		return err
	}
	programs, err := session.Build(ctx, "oras")
	if err != nil {
		return err
	}
	return session.Run(ctx, settings, programs, func(ctx context.Context, s *session.Session) error {
		var copied release.Image
		err := s.Console.Do("oras cp -r "+from.String()+" "+to.String(), func() (err error) {
			copied, err = release.Copy(ctx, oras.AsUser(s.Tool("oras")), reader, from, to)
			return err
		})
		if err != nil || output == "" {
			return err
		}
		return release.WriteJSON(output, []release.Image{copied})
	})
}

// parseSide reads a flag that names one side of a copy.
func parseSide(flag, text string, plainHTTP bool) (reference.Reference, error) {
	if !reference.IsPath(text) {
		return parseImage(flag, text, plainHTTP)
	}
	side, err := reference.ParseLayout(text)
	if err != nil {
		return side, usage.Errorf("reading --%s: %w", flag, err)
	}
	return side, nil
}
