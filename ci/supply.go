package main

import (
	"context"
	"encoding/json"
	"fmt"

	"dagger/container-signing/internal/dagger"
)

// supply takes the image from its source through CI to production.
func (c *chainRun) supply(ctx context.Context) (*dagger.File, error) {
	state, err := c.push(ctx)
	if err != nil {
		return nil, err
	}
	if err := c.sign(ctx, state); err != nil {
		return nil, err
	}
	box, args, err := reach(ctx, c.lean.WithMountedFile("/run/ca", c.identity.ca).WithFile(statePath, state), []string{
		"e2e", "promote", "-v", "--ca", "/run/ca", "--state", statePath,
		"--ci-registry", ciRegistry, "--production-registry", productionRegistry,
	}, c.atCI(), c.atProduction())
	if err != nil {
		return nil, err
	}
	promoted, err := evaluate(ctx, "copying to production", box.WithExec(args))
	if err != nil {
		return nil, err
	}
	return promoted.File(statePath), nil
}

// push brings the image to the CI registry, and derives the others from it.
func (c *chainRun) push(ctx context.Context) (*dagger.File, error) {
	args := []string{"e2e", "push", "-v", "--ci-registry", ciRegistry, "--state", statePath}
	if c.image != "" {
		args = append(args, "--image", c.image)
	}
	if c.identity.own {
		args = append(args, "--own-signer")
	}
	box, args, err := reach(ctx, c.box, args, c.atCI())
	if err != nil {
		return nil, err
	}
	if c.credentials != nil {
		box = box.WithMountedSecret(dockerConfig, c.credentials).WithEnvVariable("DOCKER_CONFIG", dockerFolder)
	}
	pushed, err := evaluate(ctx, "pushing to ci", box.WithExec(args))
	if err != nil {
		return nil, err
	}
	return pushed.File(statePath), nil
}

// sign signs in the CI registry what is to be admitted.
func (c *chainRun) sign(ctx context.Context, state *dagger.File) error {
	content, err := state.Contents(ctx)
	if err != nil {
		return fmt.Errorf("reading what was pushed: %w", err)
	}
	var pushed struct{ Repository, Tag string }
	if err := json.Unmarshal([]byte(content), &pushed); err != nil {
		return fmt.Errorf("reading what was pushed: %w", err)
	}
	image := ciRegistry + "/" + pushed.Repository + ":" + pushed.Tag
	images := []string{image}
	if !c.identity.own {
		images = append(images, image+"-single-platform")
	}
	_, err = sign(ctx, c.m, c.signing, c.identity, c.atCI(), images, len(images), c.name)
	return err
}

// atCI is how the CI registry is reached.
func (c *chainRun) atCI() access {
	return access{image: ciRegistry + "/", service: c.ci, alias: "ci"}
}

// atProduction is how the production registry is reached.
func (c *chainRun) atProduction() access {
	return access{image: productionRegistry + "/", service: c.production, alias: "production"}
}
