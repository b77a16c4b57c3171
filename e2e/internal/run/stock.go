package run

import (
	"cmp"
	"context"

	"golang.org/x/sync/errgroup"

	"container-signing/e2e/internal/notation"
	"container-signing/e2e/internal/oras"
	"container-signing/e2e/internal/registry"
	"container-signing/e2e/internal/repository"
	"container-signing/e2e/internal/session"
	"container-signing/e2e/internal/supply"
	"container-signing/tools"
)

// A stock is the images of a whole run with all that they need: registries,
// notation with the plugin, and who signs.
type stock struct {
	*session.Session
	Options
	source   Source
	identity supply.Identity
	another  supply.Identity // of a CA that nobody trusts
	supplied *supply.Supply
}

// supply takes the images from their source through CI to production.
func (s *stock) supply(ctx context.Context) error {
	s.supplied = &supply.Supply{
		ORAS:     oras.Direct(s.Tool("oras"), s.In("docker")),
		Notation: notation.ConfiguredIn(s.Tool("notation"), s.notationFolder()),
		Reader:   repository.Direct(),
		State: supply.State{
			Place:         supply.Place{Registries: s.Registries, Repository: s.source.Repository, Tag: s.source.Tag},
			Demonstration: !s.own(),
		},
	}
	for _, step := range []struct {
		name string
		do   func(context.Context) error
	}{
		{
			"start registries " + s.Registries.CI + " (ci) and " + s.Registries.Production + " (production)",
			s.startRegistries,
		},
		{"make certificates, install the plugin in notation", s.identify},
		{"push the image to ci", s.push},
	} {
		if err := s.Do(ctx, step.name, step.do); err != nil {
			return err
		}
	}
	if err := s.sign(ctx); err != nil {
		return err
	}
	if err := s.supplied.Promote(ctx, s.Do); err != nil {
		return err
	}
	return s.Do(ctx, "push what an intruder would to production", s.forge)
}

// forge pushes images with forged signatures.
func (s *stock) forge(ctx context.Context) error {
	with, err := supply.Means(s.identity.Keys)
	if err != nil {
		return err
	}
	return s.supplied.Forge(ctx, with)
}

func (s *stock) startRegistries(ctx context.Context) error {
	work, ctx := errgroup.WithContext(ctx)
	production := cmp.Or(s.behind, s.Registries.Production)
	for name, address := range map[string]string{"ci": s.Registries.CI, "production": production} {
		work.Go(func() error {
			return registry.Start(ctx, s.Processes, s.Programs["registry"], name, address, s.In("registry-"+name))
		})
	}
	return work.Wait()
}

// identify makes or reads the certificates, and prepares notation.
func (s *stock) identify(ctx context.Context) error {
	var err error
	if s.identity, err = s.identityOf(); err != nil {
		return err
	}
	if s.another, err = MakeAnother(s.Signer, s.In("another-ca")); err != nil {
		return err
	}
	plugin := s.In("notation-external-signer")
	if err := s.BuildProgram(ctx, plugin, "./plugin"); err != nil {
		return err
	}
	if err := s.supplied.Notation.InstallPlugin(ctx, plugin); err != nil {
		return err
	}
	return s.supplied.Notation.Trust(ctx, notation.TrustName, s.identity.CA, s.Dir)
}

// identityOf is who signs what the cluster is to admit.
func (s *stock) identityOf() (supply.Identity, error) {
	if s.own() {
		return s.Signer.Identity(s.In("certificates"))
	}
	return makeDemonstration(supply.Demonstration{
		Name: "container-signing demonstration", KeySpec: s.KeySpec, KeyID: s.Signer.KeyID, Format: s.Signer.Format,
	}, s.In("certificates"))
}

// MakeAnother makes the identity of a CA that nobody trusts, with the quickest
// key.
func MakeAnother(like supply.Signer, dir string) (supply.Identity, error) {
	another := supply.Demonstration{Name: "another", KeySpec: "EC-256", KeyID: like.KeyID, Format: like.Format}
	return makeDemonstration(another, dir)
}

func makeDemonstration(d supply.Demonstration, dir string) (supply.Identity, error) {
	root, err := tools.Root()
	if err != nil {
		return supply.Identity{}, err
	}
	identity, err := supply.MakeDemonstration(d, dir)
	if err != nil {
		return identity, err
	}
	return identity.SignedByScript(root)
}

// push reads the image to sign where it is: in a registry of the user's with
// docker's credentials and by the proxy of the environment.
func (s *stock) push(ctx context.Context) error {
	source := s.source.In(s.Programs["busybox"])
	return s.supplied.Push(ctx, oras.Reading(source, s.Tool("oras"), s.In("docker")), source)
}

// sign signs in CI. How long a user's own signer may take is the plugin's to
// say, and it may ask at the terminal.
func (s *stock) sign(ctx context.Context) error {
	sign := func() error {
		if err := s.supplied.SignByAnother(ctx, s.another.Signing); err != nil {
			return err
		}
		return s.supplied.Sign(ctx, s.identity.Signing)
	}
	return s.Console.Do("notation sign, in ci", func() error {
		if !s.own() {
			return sign()
		}
		return s.Console.Leave(sign)
	})
}

func (s *stock) notationFolder() string { return s.In("notation") }
