package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"

	"golang.org/x/sync/errgroup"

	"dagger/container-signing/internal/dagger"
)

// How the images of a run call its registries: as on a single machine.
const (
	ciRegistry         = "127.0.0.1:5002"
	productionRegistry = "127.0.0.1:5001"
	statePath          = "/tmp/state.json" // of the parts that supply the images
)

// A chainRun is one run of the whole chain. Its steps are parts of the program
// e2e, each in a container of its own.
type chainRun struct {
	m              *ContainerSigning
	name           string
	box            *dagger.Container // with all tools
	ci, production *dagger.Service
	cluster        *dagger.Service
	credentials    *dagger.Directory // of the cluster
	signing        *dagger.Container // with what the signer needs
	identity       identity
}

// newChain prepares the containers and services of a run.
func (m *ContainerSigning) newChain(ctx context.Context, run string, node bool) (*chainRun, error) {
	folders := []string{"notation", "oras", "busybox", "registry", "etcd", "kubernetes", "kyverno"}
	if node {
		folders = append(folders, nodeFolders...)
	}
	box, err := m.with(ctx, folders...)
	if err != nil {
		return nil, err
	}
	// Every part finds its tools there, and needn't look for them again.
	ready := *m
	ready.Prebuilt = box
	m = &ready
	c := &chainRun{m: m, name: run, box: anew(m.equip(box), run)}
	if c.ci, err = m.Registry(ctx, "ci "+run, nil); err != nil {
		return nil, err
	}
	if c.production, err = m.Registry(ctx, "production "+run, nil); err != nil {
		return nil, err
	}
	clusterBox, err := m.clusterBox(ctx)
	if err != nil {
		return nil, err
	}
	c.credentials = clusterCredentials(clusterBox, run, clusterURL)
	return c, nil
}

// run supplies the signed image while the cluster starts, and judges.
func (c *chainRun) run(ctx context.Context, identify func(context.Context) (identity, error), image string, credentials *dagger.Secret, policy string, node bool) (_ judgement, err error) {
	if node {
		// It trusts what identify makes.
		if c.identity, err = identify(ctx); err != nil {
			return judgement{}, err
		}
		made := c.identity
		identify = func(context.Context) (identity, error) { return made, nil }
	}
	if c.cluster, err = c.m.startable(ctx, clusterPlan{
		name: c.name, registry: c.production, registryAddress: productionRegistry, node: node, ca: c.identity.ca, awaited: true,
	}); err != nil {
		return judgement{}, err
	}
	settle := c.startCluster(ctx)
	defer func() {
		settle()
		err = errors.Join(err, stop(ctx, c.cluster, c.ci, c.production))
	}()
	if err := c.prepare(ctx, identify); err != nil {
		return judgement{}, err
	}
	state, err := c.supply(ctx, image, credentials)
	if err != nil {
		return judgement{}, err
	}
	return c.judge(ctx, state, policy, node)
}

// startCluster starts the cluster while the images are supplied. Only the judge
// waits until it is ready, and only what has not been judged before needs it: so
// its error is the judge's. The function that it returns gives the start up.
func (c *chainRun) startCluster(ctx context.Context) (settle func()) {
	ctx, cancel := context.WithCancel(ctx)
	var started sync.WaitGroup
	started.Go(func() { _, _ = c.cluster.Start(ctx) })
	return func() {
		cancel()
		started.Wait()
	}
}

// judge judges what the cluster admits.
func (c *chainRun) judge(ctx context.Context, state *dagger.File, policy string, node bool) (judgement, error) {
	args := []string{
		"--kubeconfig", credentialsFolder + "/kubeconfig", "--await", readyURL, "--ca", "/run/ca", "--state", statePath,
		"--production-registry", productionRegistry, "--policy", policy,
	}
	if node {
		args = append(args, "--runs", "--bypass")
	}
	return judge(ctx, c.box.
		WithFile(statePath, state).
		WithMountedFile("/run/ca", c.identity.ca).
		WithMountedDirectory(credentialsFolder, c.credentials).
		WithServiceBinding("cluster", c.cluster), args, c.atProduction())
}

// prepare starts the registries, and makes or reads the certificates.
func (c *chainRun) prepare(ctx context.Context, identify func(context.Context) (identity, error)) error {
	work, ctx := errgroup.WithContext(ctx)
	for _, registry := range []*dagger.Service{c.ci, c.production} {
		work.Go(func() error {
			_, err := registry.Start(ctx)
			return explain("starting a registry", err)
		})
	}
	work.Go(func() error {
		var err error
		c.identity, err = identify(ctx)
		return err
	})
	return work.Wait()
}

// stop stops services, whether or not they run, also when ctx has ended.
func stop(ctx context.Context, services ...*dagger.Service) error {
	ctx = context.WithoutCancel(ctx)
	var work errgroup.Group
	for _, service := range services {
		work.Go(func() error {
			_, err := service.Stop(ctx, dagger.ServiceStopOpts{Kill: true})
			return explain("stopping a service", err)
		})
	}
	return work.Wait()
}

// supply takes the image from its source through CI to production.
func (c *chainRun) supply(ctx context.Context, image string, credentials *dagger.Secret) (*dagger.File, error) {
	state, err := c.push(ctx, image, credentials)
	if err != nil {
		return nil, err
	}
	if err := c.sign(ctx, state); err != nil {
		return nil, err
	}
	box, args, err := reach(ctx, c.box.WithMountedFile("/run/ca", c.identity.ca).WithFile(statePath, state), []string{
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
func (c *chainRun) push(ctx context.Context, image string, credentials *dagger.Secret) (*dagger.File, error) {
	args := []string{"e2e", "push", "-v", "--ci-registry", ciRegistry, "--state", statePath}
	if image != "" {
		args = append(args, "--image", image)
	}
	if c.identity.own {
		args = append(args, "--own-signer")
	}
	box, args, err := reach(ctx, c.box, args, c.atCI())
	if err != nil {
		return nil, err
	}
	if credentials != nil {
		box = box.WithMountedSecret(dockerConfig, credentials).WithEnvVariable("DOCKER_CONFIG", dockerFolder)
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
	return access{image: ciRegistry + "/", service: c.ci, plainHTTP: true, alias: "ci"}
}

// atProduction is how the production registry is reached.
func (c *chainRun) atProduction() access {
	return access{image: productionRegistry + "/", service: c.production, plainHTTP: true, alias: "production"}
}
