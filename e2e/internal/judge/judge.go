// Package judge applies workloads to a cluster and compares what happens
// with what must happen, and why.
//
// A workload that must be admitted has to be admitted whole, and every image
// of what the API server keeps of it, and of the pods that controllers make
// of it, has to be pinned to the digest that is expected. A workload that
// must be refused has to be refused by an admission webhook that names the
// expected policy and gives the expected reason: a manifest that is invalid,
// or a webhook that can't be reached, proves nothing about a policy.
package judge

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
	"k8s.io/client-go/rest"

	"container-signing/e2e/internal/await"
	"container-signing/e2e/internal/report"
	"container-signing/e2e/internal/workload"
)

// Options say how to judge.
type Options struct {
	// Config connects to the cluster as somebody who may create namespaces
	// and workloads.
	Config *rest.Config
	// Images are the images that workloads call by name. Images that aren't
	// here are taken as they are, and must be pinned to some digest.
	Images Images
	// Limit bounds the time for one workload; 0 means DefaultLimit.
	Limit time.Duration
	// Parallel is how many workloads are judged at a time; 0 means
	// DefaultParallel.
	Parallel int
	// HasNode says that the cluster has a node: admitted pods must run then,
	// and Jobs complete.
	HasNode bool
	// OnRunning is told each time that an admitted pod is seen to do what it
	// must, maybe several at a time; nil if nobody wants to know.
	OnRunning func()
	// Keep leaves what was created in the cluster.
	Keep bool
	// AwaitGone waits until the cluster has deleted what was created.
	AwaitGone bool
	// AnyLock takes any refusal by a lock for the expected one, whatever policy
	// refuses and for whatever reason, and an admission without a digest too: it
	// is for clusters whose policies aren't known.
	AnyLock bool
	// DryRuns says that nothing may run: what decides about a workload is a dry
	// run of the API server, and what has to be there before never starts.
	DryRuns bool
	// OnVerdict is told each verdict as it is reached, one at a time; nil
	// if nobody wants to know.
	OnVerdict func(report.Verdict)
}

const (
	// DefaultLimit is longer than an admission webhook may take (30 s).
	DefaultLimit = time.Minute
	// DefaultParallel was the quickest on two cores: more only wait for the
	// same processors.
	DefaultParallel = 8
)

func (o Options) withDefaults() Options {
	if o.Limit == 0 {
		o.Limit = DefaultLimit
	}
	if o.Parallel == 0 {
		o.Parallel = DefaultParallel
	}
	if o.OnVerdict == nil {
		o.OnVerdict = func(report.Verdict) {}
	}
	return o
}

// Run judges all workloads and returns their verdicts in the order of the
// workloads. Whether they passed is for the verdicts to tell; an error says
// that not all could be judged. What was created is deleted at the end, also
// after an error, and the deletion goes on in the cluster after Run returns, unless
// the options say that it is waited for.
func Run(ctx context.Context, options Options, workloads []workload.Workload) ([]report.Verdict, error) {
	options = options.withDefaults()
	clients, err := newClients(options.Config)
	if err != nil {
		return nil, err
	}
	created := &cleanup{}
	finish := func(err error) error {
		if options.Keep {
			return err
		}
		deleting := created.delete(ctx, clients)
		if options.AwaitGone && deleting == nil {
			deleting = created.awaitGone(ctx, clients)
		}
		return errors.Join(err, deleting)
	}
	namespace, err := namespaces{clients.typed, options.Limit, created}.prepare(ctx, workloads)
	if err != nil {
		return nil, fmt.Errorf("preparing namespaces for workloads: %w", finish(err))
	}
	verdicts := sideBySide(ctx, options, workloads, trial{
		applier:  applier{clients: clients, namespace: namespace, created: created, dryRuns: options.DryRuns},
		follower: follower{clients, options.Images, options.HasNode, options.OnRunning},
		images:   options.Images, anyLock: options.AnyLock,
	})
	return verdicts, finish(context.Cause(ctx))
}

// sideBySide judges the workloads, some at a time, each within its limit.
func sideBySide(ctx context.Context, options Options, workloads []workload.Workload, trial trial) []report.Verdict {
	verdicts := make([]report.Verdict, len(workloads))
	var telling sync.Mutex
	var work errgroup.Group
	work.SetLimit(options.Parallel)
	for i, w := range workloads {
		work.Go(func() error {
			started := time.Now()
			ctx, cancel := await.Within(ctx, options.Limit)
			defer cancel()
			verdict := trial.of(ctx, w)
			verdict.Seconds = time.Since(started).Seconds()
			verdicts[i] = verdict
			telling.Lock()
			defer telling.Unlock()
			options.OnVerdict(verdict)
			return nil
		})
	}
	// None of them returns an error: verdicts hold them.
	_ = work.Wait()
	return verdicts
}
