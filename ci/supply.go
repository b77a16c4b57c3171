package main

import (
	"context"
	"fmt"

	"dagger/container-signing/internal/command"
	"dagger/container-signing/internal/dagger"
	"dagger/container-signing/internal/failure"
	"dagger/container-signing/internal/reference"
	"dagger/container-signing/internal/request"
	"dagger/container-signing/internal/result"
)

// A source is the image that a run signs, as its caller names it.
type source struct {
	image       string // empty for one that is made
	registry    *dagger.Service
	credentials *dagger.Secret
	plainHTTP   bool
}

// check finds a source that can't be read.
func (s source) check() error {
	if s.image == "" {
		return request.NoImage(s.registry != nil, s.plainHTTP)
	}
	images, err := request.Images([]string{s.image}, s.registry != nil)
	if err != nil {
		return err
	}
	return s.at(images[0]).Check()
}

// at is how the registry of the image is reached.
func (s source) at(image reference.Image) access {
	return newAccess(image.Registry(), s.registry, s.credentials, s.plainHTTP)
}

// supply takes the image from its source through CI to production.
func (c *chainRun) supply(ctx context.Context) (*dagger.File, error) {
	state, err := c.push(ctx)
	if err != nil {
		return nil, err
	}
	if err := c.sign(ctx, state); err != nil {
		return nil, err
	}
	box, keys := c.lean.WithMountedFile(caPath, c.identity.ca).WithFile(statePath, state), ""
	if c.identity.keys != nil {
		keys = identityFolder
		box = box.WithMountedDirectory(keys, c.identity.keys)
	}
	box, promoting, err := reach(ctx,
		box, command.Promote(statePath, caPath, keys, ciRegistry, productionRegistry), c.atCI(), c.atProduction())
	if err != nil {
		return nil, err
	}
	promoted, err := evaluate(ctx, "copying to production", failure.Given{}, box.WithExec(promoting))
	if err != nil {
		return nil, err
	}
	return promoted.File(statePath), nil
}

// push brings the image to the CI registry, and derives the others from it.
func (c *chainRun) push(ctx context.Context) (*dagger.File, error) {
	box, layout, err := c.fetch(ctx)
	if err != nil {
		return nil, err
	}
	box, pushing, err := reach(ctx, box, command.Push(statePath, ciRegistry, layout, c.identity.own), c.atCI())
	if err != nil {
		return nil, err
	}
	pushed, err := evaluate(ctx, "pushing to ci", failure.Given{}, box.WithExec(pushing))
	if err != nil {
		return nil, err
	}
	return pushed.File(statePath), nil
}

// fetch brings the image from its registry to a container that pushes it. There
// it is in an OCI image layout; in none if it is made.
func (c *chainRun) fetch(ctx context.Context) (_ *dagger.Container, layout string, err error) {
	if c.source.image == "" {
		return c.lean, "", nil
	}
	image, err := reference.Parse(c.source.image)
	if err != nil {
		return nil, "", err
	}
	folder, at := "/run/source/"+image.Base(), c.source.at(image)
	layout = folder + ":" + image.Tag()
	box, fetching, err := reach(ctx, c.box, command.Fetch(image, at.Insecure("--from-plain-http"), layout), at)
	if err != nil {
		return nil, "", err
	}
	fetched, err := evaluate(ctx, fmt.Sprintf("fetching image %q", c.source.image), given(at), box.WithExec(fetching))
	if err != nil {
		return nil, "", err
	}
	return c.lean.WithDirectory(folder, fetched.Directory(folder)), layout, nil
}

// sign signs in the CI registry what is to be admitted. A demonstration's signer
// needs nothing but this project's program; a user's finds a distribution.
func (c *chainRun) sign(ctx context.Context, state *dagger.File) error {
	content, err := state.Contents(ctx)
	if err != nil {
		return fmt.Errorf("reading what was pushed: %w", err)
	}
	pushed, err := result.Pushed(content, string(ciRegistry))
	if err != nil {
		return err
	}
	names, box := []string{pushed}, c.lean
	if c.identity.own {
		if box, c.identity.conceal, err = withSecrets(ctx, c.box, c.secrets); err != nil {
			return err
		}
	} else {
		names = append(names, pushed+"-single-platform", pushed+"-withdrawn")
	}
	images, err := reference.ParseAll(names)
	if err != nil {
		return err
	}
	_, err = sign(ctx, box, c.identity, c.atCI(), images, len(images), c.name)
	return err
}

// atCI is how the CI registry is reached.
func (c *chainRun) atCI() access { return atService(ciRegistry, c.ci, "ci") }

// atProduction is how the production registry is reached.
func (c *chainRun) atProduction() access {
	return atService(productionRegistry, c.production, "production")
}

// atService is how a registry of a run's own is reached.
func atService(registry reference.Registry, service *dagger.Service, alias string) access {
	at := newAccess(registry, service, nil, false)
	at.Alias, at.Flag = alias, "" // no caller has given it
	return at
}
