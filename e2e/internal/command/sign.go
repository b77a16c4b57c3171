package command

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"container-signing/e2e/internal/notation"
	"container-signing/e2e/internal/reference"
	"container-signing/e2e/internal/release"
	"container-signing/e2e/internal/repository"
	"container-signing/e2e/internal/run"
	"container-signing/e2e/internal/secret"
	"container-signing/e2e/internal/session"
	"container-signing/e2e/internal/supply"
	"container-signing/e2e/internal/usage"
	"container-signing/internal/hint"
)

// A signing is what `e2e sign` is asked for.
type signing struct {
	settings  session.Settings
	signer    supply.Signer
	images    []string
	plainHTTP bool
	parallel  int
	output    string
	files     []string // with secrets
	variables []string // with secrets
}

// newSign signs images in their registry, several at a time.
func newSign() *cobra.Command {
	var s signing
	cmd := newVerb("sign", "Sign images in their registry, several at a time", "image", "signer", "certificate-chain")
	flags := cmd.Flags()
	flags.StringArrayVar(&s.images, "image", nil, "`reference` of an image in a registry; can be given several times")
	addSigner(flags, &s.signer)
	flags.BoolVar(&s.plainHTTP, "plain-http", false,
		"the registries speak plain HTTP, as those on loopback are taken to do anyway")
	flags.IntVar(&s.parallel, "parallel", 4, "`number` of images to sign at a time")
	flags.StringVar(&s.output, "output", "", "`file` to write what was signed to, as JSON")
	flags.StringArrayVar(&s.files, "conceal-file", nil,
		"`file` with a secret that no error may show, even if the signer prints it; can be given several times")
	flags.StringArrayVar(&s.variables, "conceal-env", nil,
		"environment `variable` with such a secret; can be given several times")
	addVerbose(flags, &s.settings)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		images, err := s.check()
		if err != nil {
			return err
		}
		secrets, err := secret.Read(s.files, s.variables)
		if err != nil {
			return usage.Fault(err)
		}
		err = s.run(cmd.Context(), images)
		if concealed := secrets.Conceal(err); errors.As(err, new(usage.Error)) {
			return usage.Fault(concealed)
		} else {
			return concealed
		}
	}
	return cmd
}

// check finds what can be known to be wrong before anything is signed.
func (s signing) check() ([]reference.Reference, error) {
	if s.parallel < 1 {
		return nil, usage.Fault(hint.Add(fmt.Errorf("--parallel %d is none", s.parallel), "give at least 1"))
	}
	if err := run.CheckFormat(s.signer.Format); err != nil {
		return nil, usage.Fault(err)
	}
	var images []reference.Reference
	for _, text := range s.images {
		image, err := parseImage("image", text, s.plainHTTP)
		if err != nil {
			return nil, err
		}
		images = append(images, image)
	}
	if err := checkFile("output", s.output); err != nil {
		return nil, err
	}
	// Whether it is a chain is the plugin's to say.
	return images, checkCertificates("certificate-chain", s.signer.CertificateChain)
}

func (s signing) run(ctx context.Context, images []reference.Reference) error {
	reader, err := repository.AsUser()
	if err != nil {
		return err
	}
	programs, err := session.Build(ctx, "notation")
	if err != nil {
		return err
	}
	return session.Run(ctx, s.settings, programs, func(ctx context.Context, each *session.Session) error {
		each.Console.Apart()
		signer := release.Signer{
			Notation: notation.AsUser(each.Tool("notation")), Reader: reader, With: s.signer.Signing(),
			Step: each.Console.Do,
		}
		signed, err := signer.SignAll(ctx, images, s.parallel)
		if s.output == "" {
			return err
		}
		return errors.Join(err, release.WriteJSON(s.output, signed))
	})
}
