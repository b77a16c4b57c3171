package main

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"golang.org/x/sync/errgroup"

	"dagger/container-signing/internal/command"
	"dagger/container-signing/internal/dagger"
	"dagger/container-signing/internal/failure"
	"dagger/container-signing/internal/hint"
	"dagger/container-signing/internal/reference"
	"dagger/container-signing/internal/request"
	"dagger/container-signing/internal/toolset"
)

// How the images of a run call its registries: as on a single machine.
const (
	ciRegistry         reference.Registry = "127.0.0.1:5002"
	productionRegistry reference.Registry = "127.0.0.1:5001"
)

// statePath is where the parts that supply the images tell each other of them.
const statePath = "/tmp/state.json"

// A chainPlan says what to take through the chain.
type chainPlan struct {
	name    string // of the run; empty for a fresh one
	source  source
	files   signerFiles      // without a program for a demonstration's
	secrets []*dagger.Secret // more of the signer
	policy  string
	node    bool
}

// check finds what can be known to be wrong before anything is run.
func (p chainPlan) check() error {
	given := request.Signer{
		Program:          p.files.program != nil,
		CertificateChain: p.files.chain != nil,
		Key:              p.files.key != nil,
	}
	if err := given.Check(); err != nil {
		return err
	}
	if err := p.source.check(); err != nil {
		return err
	}
	return request.Policy(p.policy)
}

// A chainRun is one run of the whole chain. Its steps are parts of the program
// e2e, each in a container of its own.
type chainRun struct {
	chainPlan
	m                *ContainerSigning
	box              *dagger.Container // with a distribution, for what the user brings
	lean             *dagger.Container // with nothing but the tools, for all else
	ci, production   *dagger.Service
	cluster          *dagger.Service
	clusterAuthority *dagger.Directory
	identity         identity
}

// chain runs the whole chain.
func (m *ContainerSigning) chain(ctx context.Context, plan chainPlan) (judgement, error) {
	if err := plan.check(); err != nil {
		return judgement{}, err
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
		return judgement{}, hint.Add(
			err,
			fmt.Sprintf("if a run %q was broken off before its verdicts, it can't go on: give another name", named),
		)
	}
	return judged, err
}

// newChain prepares the containers and services of a run.
func (m *ContainerSigning) newChain(ctx context.Context, plan chainPlan) (*chainRun, error) {
	uses := toolset.Signing | toolset.Making | toolset.Registry | toolset.Cluster
	if plan.node {
		uses |= toolset.Node
	}
	full, err := m.with(ctx, uses)
	if err != nil {
		return nil, err
	}
	m = m.trusting(full)
	c := &chainRun{
		chainPlan: plan, m: m, box: anew(m.equip(quick(full)), plan.name), lean: anew(m.equip(lean(full)), plan.name),
		clusterAuthority: m.clusterCredentials(full, plan.name),
	}
	if c.ci, err = m.Registry(ctx, "ci "+plan.name, nil); err != nil {
		return nil, err
	}
	c.production, err = m.Registry(ctx, "production "+plan.name, nil)
	return c, err
}

// identify makes or reads the certificates, once.
func (c *chainRun) identify(ctx context.Context) (err error) {
	switch {
	case c.identity.ca != nil:
		return nil
	case c.files.program == nil:
		c.identity, err = demonstration(ctx, c.lean, "container-signing demonstration", c.name)
	default:
		c.identity, err = newIdentity(ctx, c.lean, c.files)
	}
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
		name: c.name, registry: c.atProduction(), node: c.node, ca: c.identity.ca, plain: true, awaited: true,
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
	return judge(ctx, c.lean.
		WithFile(statePath, state).
		WithMountedFile(caPath, c.identity.ca).
		WithMountedDirectory(credentialsFolder, c.clusterAuthority).
		WithServiceBinding(clusterName, c.cluster),
		command.Judge{
			Connection: command.Connection{Kubeconfig: credentialsFolder + "/kubeconfig", Await: readyURL},
			CA:         caPath,
			Report:     reportPath,
			Run:        &command.Run{State: statePath, Production: productionRegistry, Policy: c.policy, Node: c.node},
		}.Command(), c.atProduction())
}

// prepare starts the registries, and makes or reads the certificates.
func (c *chainRun) prepare(ctx context.Context) error {
	work, ctx := errgroup.WithContext(ctx)
	for _, registry := range []*dagger.Service{c.ci, c.production} {
		work.Go(func() error {
			_, err := registry.Start(ctx)
			return explain("starting a registry", failure.Given{}, err)
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
			return explain("stopping a service", failure.Given{}, err)
		})
	}
	return work.Wait()
}
