package main

import (
	"context"
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

// A chainPlan says what to take through the chain.
type chainPlan struct {
	name             string         // of the run; empty for a fresh one
	image            string         // to sign; empty for one that is made
	credentials      *dagger.Secret // to read the image
	signer           *dagger.File   // nil for a demonstration's
	certificateChain *dagger.File
	key              *dagger.Secret
	secrets          []*dagger.Secret // more of the signer
	policy           string
	node             bool
}

// A chainRun is one run of the whole chain. Its steps are parts of the program
// e2e, each in a container of its own.
type chainRun struct {
	chainPlan
	m                *ContainerSigning
	box              *dagger.Container // with all tools, and a distribution
	lean             *dagger.Container // with all tools, and nothing else
	ci, production   *dagger.Service
	cluster          *dagger.Service
	clusterAuthority *dagger.Directory
	signing          *dagger.Container // with what the signer needs
	concealed        []string          // flags that name its secrets
	identity         identity
}

// chain runs the whole chain.
func (m *ContainerSigning) chain(ctx context.Context, plan chainPlan) (judgement, error) {
	if (plan.signer == nil) != (plan.certificateChain == nil) {
		return judgement{}, errors.New("--signer and --certificate-chain belong together: the chain is that of the signer's key; give both, or neither for a demonstration")
	}
	named := plan.name
	if named == "" {
		plan.name = newRun()
	}
	c, err := m.newChain(ctx, plan)
	if err != nil {
		return judgement{}, err
	}
	judged, err := c.run(ctx)
	if err != nil && named != "" {
		// The engine has what such a run has done, and its registries are gone.
		return judgement{}, fmt.Errorf("%w\nIf there has been a run %q that was broken off before its verdicts, it can't go on: give another name", err, named)
	}
	return judged, err
}

// newChain prepares the containers and services of a run.
func (m *ContainerSigning) newChain(ctx context.Context, plan chainPlan) (*chainRun, error) {
	folders := []string{"notation", "oras", "busybox", "registry", "etcd", "kubernetes", "kyverno"}
	if plan.node {
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
	c := &chainRun{chainPlan: plan, m: m, box: anew(m.equip(box), plan.name), lean: anew(m.withProgram(lean(box)), plan.name)}
	if c.ci, err = m.Registry(ctx, "ci "+plan.name, nil); err != nil {
		return nil, err
	}
	if c.production, err = m.Registry(ctx, "production "+plan.name, nil); err != nil {
		return nil, err
	}
	if c.signing, c.concealed, err = withSecrets(ctx, c.box, plan.secrets, nil); err != nil {
		return nil, err
	}
	c.clusterAuthority = m.clusterCredentials(box, plan.name)
	return c, nil
}

// identify makes or reads the certificates, once.
func (c *chainRun) identify(ctx context.Context) (err error) {
	switch {
	case c.identity.ca != nil:
		return nil
	case c.signer == nil:
		c.identity, err = demonstration(ctx, c.lean, "container-signing demonstration", c.name)
		return err
	}
	c.identity, err = newIdentity(ctx, c.lean, c.signer, c.certificateChain, nil, c.key)
	c.identity.keyID, c.identity.timeout, c.identity.format, c.identity.concealed = "demonstration", "60s", "jws", c.concealed
	return err
}

// run supplies the signed image while the cluster starts, and judges.
func (c *chainRun) run(ctx context.Context) (_ judgement, err error) {
	if c.node {
		// It trusts who signs, from its start.
		if err := c.identify(ctx); err != nil {
			return judgement{}, err
		}
	}
	if c.cluster, err = c.m.clusterService(ctx, clusterPlan{
		name: c.name, registry: c.production, registryAddress: productionRegistry, node: c.node, ca: c.identity.ca, plain: true, awaited: true,
	}); err != nil {
		return judgement{}, err
	}
	settle := c.startCluster(ctx)
	defer func() {
		settle()
		err = errors.Join(err, stop(ctx, c.cluster, c.ci, c.production))
	}()
	if err := c.prepare(ctx); err != nil {
		return judgement{}, err
	}
	state, err := c.supply(ctx)
	if err != nil {
		return judgement{}, err
	}
	return c.judge(ctx, state)
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
func (c *chainRun) judge(ctx context.Context, state *dagger.File) (judgement, error) {
	args := []string{
		"--kubeconfig", credentialsFolder + "/kubeconfig", "--await", readyURL, "--ca", "/run/ca", "--state", statePath,
		"--production-registry", productionRegistry, "--policy", c.policy,
	}
	if c.node {
		args = append(args, "--runs", "--bypass")
	}
	return judge(ctx, c.lean.
		WithFile(statePath, state).
		WithMountedFile("/run/ca", c.identity.ca).
		WithMountedDirectory(credentialsFolder, c.clusterAuthority).
		WithServiceBinding("cluster", c.cluster), args, c.atProduction())
}

// prepare starts the registries, and makes or reads the certificates.
func (c *chainRun) prepare(ctx context.Context) error {
	work, ctx := errgroup.WithContext(ctx)
	for _, registry := range []*dagger.Service{c.ci, c.production} {
		work.Go(func() error {
			_, err := registry.Start(ctx)
			return explain("starting a registry", err)
		})
	}
	work.Go(func() error { return c.identify(ctx) })
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
