package run

import (
	"context"
	"fmt"
	"strings"

	"container-signing/e2e/internal/forgery"
	"container-signing/e2e/internal/image"
	"container-signing/e2e/internal/judge"
	"container-signing/e2e/internal/oras"
	"container-signing/e2e/internal/reference"
	"container-signing/e2e/internal/release"
	"container-signing/e2e/internal/repository"
	"container-signing/e2e/internal/session"
	"container-signing/e2e/internal/supply"
	"container-signing/internal/hint"
	"container-signing/tools"
)

// A scratch is a repository of the user's where images are pushed that must not
// run. It has nothing else, before and afterwards.
type scratch struct {
	*session.Session
	reader repository.Reader
	state  supply.State
	signed *reference.Reference // that the cluster must admit; nil if there is none
}

// newScratch pushes under the tag "attack", and under others that begin with it.
func newScratch(s *session.Session, reader repository.Reader, at Target) *scratch {
	return &scratch{Session: s, reader: reader, signed: at.Signed, state: supply.State{
		Place: supply.Place{
			Registries: supply.Registries{Production: at.Repository.Registry, Secure: !at.Repository.PlainHTTP},
			Repository: at.Repository.Repository, Tag: "attack",
		},
		// Nobody asks notation here: it has no trust store for this cluster.
		Refusals: map[string]string{
			"unsigned": "unsigned", "signed-by-another-ca": "signed by another CA",
			"unsigned-platform-of-signed-index": "unsigned",
		},
	}}
}

// checkEmpty makes sure that nothing of the user's is deleted later.
func (s *scratch) checkEmpty(ctx context.Context) error {
	at := s.state.InProduction(supply.Signed)
	tags, err := s.reader.Tags(ctx, at)
	if err != nil {
		return err
	}
	if len(tags) > 0 {
		return hint.Add(fmt.Errorf("--repository %s/%s isn't empty: it has the tags %s",
			at.Registry, at.Repository, strings.Join(tags, ", ")),
			"give one that nobody else uses: all that is in it is deleted at the end")
	}
	return nil
}

// push pushes the images: the signed one, or one that nobody whom the cluster
// knows has signed, and those that are made out of it.
func (s *scratch) push(ctx context.Context) error {
	base := s.state.InProduction(supply.Signed)
	if err := s.pushBase(ctx, base); err != nil {
		return err
	}
	roles := map[supply.Role]reference.Reference{}
	for _, role := range []supply.Role{supply.Unsigned, supply.AnotherCA} {
		roles[role] = s.state.InProduction(role)
	}
	derived, err := image.Derive(ctx, image.AsUser(), base, roles)
	if err != nil {
		return err
	}
	s.state.Digests, s.state.Platform = derived.Digests, derived.Platform
	if s.state.Digests[supply.Signed], err = s.reader.Digest(ctx, base); err != nil {
		return err
	}
	if err := forgery.SignByNobody(ctx, s.reader, s.state.InProduction(supply.AnotherCA)); err != nil {
		return err
	}
	if err := s.moveTo(ctx, supply.Signed); err != nil {
		return err
	}
	forgeries := forgery.Possible(forgery.Means{})
	digests, err := forgery.Push(ctx, forgery.Place{
		Access: image.AsUser(), Reader: s.reader, Signed: base,
		At: func(name string) reference.Reference { return s.state.InProduction(supply.Role(name)) },
	}, forgery.Means{}, forgeries)
	if err != nil {
		return err
	}
	s.state.Forged = map[string]supply.Forged{}
	for _, one := range forgeries {
		s.state.Forged[one.Name] = supply.Forged{Digest: digests[one.Name], Fault: one.Fault}
	}
	return nil
}

func (s *scratch) pushBase(ctx context.Context, base reference.Reference) error {
	cli := oras.AsUser(s.Tool("oras"))
	if s.signed != nil {
		_, err := release.Copy(ctx, cli, s.reader, *s.signed, base)
		return err
	}
	layout := reference.Reference{Layout: s.Programs["busybox"], Tag: tools.BusyboxTag}
	if err := cli.CopyBare(ctx, layout, base); err != nil {
		return err
	}
	return forgery.SignByNobody(ctx, s.reader, base)
}

// moveTo moves the tag that is there for it to the image of a role.
func (s *scratch) moveTo(ctx context.Context, role supply.Role) error {
	moving := s.state.InProduction(supply.Moving)
	in := s.reader.Repository(moving)
	target, err := in.Resolve(ctx, s.state.Digests[role])
	if err == nil {
		err = in.Tag(ctx, target, moving.Tag)
	}
	if err != nil {
		return fmt.Errorf("moving tag %q: %w", moving, err)
	}
	return nil
}

// images are those that workloads can name. Without a signed one there is none
// that must be admitted.
func (s *scratch) images() judge.Images {
	images := Images(s.state)
	delete(images, "copied-without-signature") // it would take a second repository
	if s.signed == nil {
		for name, image := range images {
			if image.Fault == "" {
				delete(images, name)
			}
		}
		delete(images, "signed-until-moved")
		delete(images, "unsigned-under-signed-tag")
		delete(images, "unsigned-behind-signed-digest")
	}
	return images
}

// remove deletes all that was pushed.
func (s *scratch) remove(ctx context.Context) error {
	return s.reader.Empty(ctx, s.state.InProduction(supply.Signed))
}
