package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"container-signing/e2e/internal/chain"
	"container-signing/e2e/internal/cluster"
	"container-signing/e2e/internal/judge"
	"container-signing/e2e/internal/process"
	"container-signing/e2e/internal/registry"
	"container-signing/e2e/internal/workspace"
	"container-signing/tools"
)

// errVerdict says that the run went through, and that not all is as expected.
var errVerdict = errors.New("not all is as expected")

// run runs the whole chain. It returns errVerdict if the chain went through
// but not all is as expected.
func run(ctx context.Context, o options) error {
	p, err := newPlan(o)
	if err != nil {
		return err
	}
	programs, noNode, err := buildTools(ctx, o)
	if err != nil && ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if err != nil {
		return err
	}
	return begin(ctx, p, programs, func(ctx context.Context, r *chainRun) error {
		if r.withNode = noNode == ""; !r.withNode {
			r.console.line.Printf("no node: what admitted pods do is not checked (%s)\n", noNode)
		}
		return r.do(ctx)
	})
}

// begin calls do with a run that has a folder and processes of its own, and
// ends these after it.
func begin(ctx context.Context, p plan, programs tools.Programs, do func(context.Context, *chainRun) error) (err error) {
	space, err := workspace.New()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, space.Close()) }()
	processes, err := process.NewGroup(ctx, filepath.Join(space.Dir, "logs"), space.Lifeline)
	if err != nil {
		return err
	}
	r := &chainRun{plan: p, programs: programs, space: space, dir: space.Dir, processes: processes, console: newConsole(processes.Context(), os.Stdout)}
	defer r.console.close()
	return r.end(do(processes.Context(), r))
}

// end ends all processes and returns the cause of err. It writes the report of
// a run that err has kept from coming to its end.
func (r *chainRun) end(err error) error {
	// What made the context end is the cause; what its end made of the steps
	// is only the consequence. The same goes for a process that has crashed
	// and whose end nobody has noticed yet.
	cause := context.Cause(r.processes.Context())
	r.processes.Close()
	if err == nil || errors.Is(err, errVerdict) {
		return err
	}
	if cause == nil {
		cause = r.processes.Crash()
	}
	if cause == nil {
		cause = err
	}
	return r.abort(r.space.Explain(cause))
}

// A chainRun is one run of the chain.
type chainRun struct {
	plan
	programs  tools.Programs
	space     *workspace.Workspace
	dir       string // of space
	processes *process.Group
	console   *console
	supply    *supply
	cluster   *cluster.Cluster
	signature string // digest
	concluded bool   // the report is written
	withNode  bool
	foreign   bool // the cluster isn't of this run
	bypass    bool // of a foreign cluster too: its nodes verify images
	// firstRunning is when an admitted pod was seen running for the first time.
	firstRunning atomic.Pointer[time.Time]
}

// do supplies the signed image and starts the cluster at the same time, and
// then judges the workloads.
func (r *chainRun) do(ctx context.Context) error {
	work, workCtx := errgroup.WithContext(ctx)
	work.Go(func() error { return r.supplyImages(workCtx) })
	work.Go(func() error {
		var err error
		r.cluster, err = cluster.Start(workCtx, r.clusterOptions())
		return err
	})
	if err := work.Wait(); err != nil {
		return err
	}
	return r.try(ctx)
}

// try makes the cluster enforce the policies, and judges the workloads.
func (r *chainRun) try(ctx context.Context) error {
	r.cluster.Config.WarningHandler = r.console
	if err := r.bypassPolicy(ctx); err != nil {
		return err
	}
	// The verdicts tell more about policies that aren't enforced. The run can't
	// pass any more: one of its steps has failed.
	if err := r.enforce(ctx); err != nil && !errors.Is(err, judge.ErrNotEnforced) {
		return err
	}
	verdicts, err := r.judge(ctx)
	if err != nil {
		return err
	}
	return r.conclude(ctx, verdicts)
}

func (r *chainRun) clusterOptions() cluster.Options {
	o := cluster.Options{
		Programs: r.programs, Processes: r.processes, Dir: filepath.Join(r.dir, "cluster"), Timeout: r.timeout, Step: r.console.step,
	}
	if r.withNode {
		o.StartNode = r.startNode
	}
	return o
}

// bounded runs a step that is given up after the run's timeout.
func (r *chainRun) bounded(ctx context.Context, name string, f func(context.Context) error) error {
	return r.console.do(name, func() error {
		ctx, cancel := context.WithTimeoutCause(ctx, r.timeout, fmt.Errorf("given up after %s; --timeout takes another time", r.timeout))
		defer cancel()
		return f(ctx)
	})
}

// supplyImages takes the images from their source through CI to production.
func (r *chainRun) supplyImages(ctx context.Context) error {
	r.supply = &supply{
		oras:     chain.ORAS{Tool: r.tool(r.programs["oras"])},
		notation: chain.NewNotation(r.tool(r.programs["notation"]), filepath.Join(r.dir, "notation")),
		options:  r.options,
		source:   r.source(), repository: r.repository, tag: r.tag, demonstration: r.signer == "",
	}
	if err := r.bounded(ctx, "start registries "+r.ciRegistry+" (ci) and "+r.production+" (production)", r.startRegistries); err != nil {
		return err
	}
	if err := r.bounded(ctx, "make certificates, install the plugin in notation", r.identify); err != nil {
		return err
	}
	if err := r.bounded(ctx, "push the image to ci", r.supply.push); err != nil {
		return err
	}
	// How long signing may take is the plugin's to say.
	if err := r.console.do("notation sign, in ci", func() error {
		if r.signer == "" {
			return r.supply.sign(ctx)
		}
		return r.console.leave(func() error { return r.supply.sign(ctx) })
	}); err != nil {
		return err
	}
	return r.promote(ctx)
}

// promote brings the images of the supply to production.
func (r *chainRun) promote(ctx context.Context) error {
	if err := r.bounded(ctx, "oras cp -r, from ci to production", func(ctx context.Context) error {
		if err := r.supply.checkEmpty(ctx); err != nil {
			return err
		}
		return r.supply.copy(ctx)
	}); err != nil {
		return err
	}
	return r.bounded(ctx, "notation verify, in production", func(ctx context.Context) error {
		var err error
		if r.signature, err = r.supply.compare(ctx); err != nil {
			return err
		}
		return r.supply.verify(ctx)
	})
}

// source is where the image to sign comes from.
func (r *chainRun) source() string {
	if r.image == "" {
		return r.programs["busybox"] + ":" + tools.BusyboxTag
	}
	return canonical(r.image)
}

// tool makes a tool of a program. All that it leaves behind is waited for
// before the run's folder is removed.
func (r *chainRun) tool(program string) process.Tool {
	return process.Tool{Path: program, Trace: r.trace(), Lifeline: r.space.Lifeline}
}

func (r *chainRun) startRegistries(ctx context.Context) error {
	work, ctx := errgroup.WithContext(ctx)
	for name, address := range map[string]string{"ci": r.ciRegistry, "production": r.production} {
		work.Go(func() error {
			return registry.Start(ctx, r.processes, r.programs["registry"], name, address, filepath.Join(r.dir, "registry-"+name))
		})
	}
	return work.Wait()
}

// identify makes or reads the certificates, and prepares notation.
func (r *chainRun) identify(ctx context.Context) error {
	var err error
	if r.signer != "" {
		r.supply.identity, err = ownIdentity(r.options, filepath.Join(r.dir, "certificates"))
	} else {
		r.supply.identity, err = newIdentity(r.options, r.root, filepath.Join(r.dir, "certificates"), "container-signing demonstration")
	}
	if err != nil {
		return err
	}
	if err := r.identifyAnother(); err != nil {
		return err
	}
	plugin := filepath.Join(r.dir, "notation-external-signer")
	if err := r.build(ctx, plugin, "./plugin"); err != nil {
		return fmt.Errorf("building the plugin: %w", err)
	}
	if err := r.supply.notation.InstallPlugin(ctx, plugin); err != nil {
		return err
	}
	return r.supply.notation.Trust(ctx, r.supply.identity.ca, r.dir)
}

// anotherKeySpec is that of the CA that nobody trusts: the quickest to make.
const anotherKeySpec = "EC-256"

// identifyAnother makes the identity of a CA that nobody trusts.
func (r *chainRun) identifyAnother() error {
	o := r.options
	o.keySpec = anotherKeySpec
	var err error
	r.supply.another, err = newIdentity(o, r.root, filepath.Join(r.dir, "another-ca"), "another")
	return err
}
