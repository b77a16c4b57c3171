// Package run is the story of a whole run: the images are supplied and the
// cluster is started at the same time; then the policies are enforced, the
// workloads are judged, and the verdicts are reported.
package run

import (
	"context"
	"path/filepath"

	"golang.org/x/sync/errgroup"

	"container-signing/e2e/internal/cluster"
	"container-signing/e2e/internal/session"
	"container-signing/tools"
)

// Whole runs the whole chain. It returns ErrVerdict if the chain went through
// but not all is as expected.
func Whole(ctx context.Context, o Options) error {
	return staged(ctx, o, func(ctx context.Context, t *trial, images *stock) error {
		passed, err := t.judgeAll(ctx)
		if err != nil {
			return err
		}
		if o.Keep {
			images.printUse(t.cluster.Kubeconfig, t.locked)
			<-ctx.Done()
			if crash := t.Processes.Crash(); crash != nil {
				return crash
			}
		}
		return passed
	})
}

// staged calls do when the images are in their registries, and there is a
// cluster in which no policy is in force yet.
func staged(ctx context.Context, o Options, do func(context.Context, *trial, *stock) error) error {
	plan, err := o.Choice.Read()
	if err != nil {
		return err
	}
	source, err := ReadSource(o.Image)
	if err != nil {
		return err
	}
	if err := o.Check(); err != nil {
		return err
	}
	programs, noNode, err := session.BuildChain(ctx, o.Node)
	if err != nil && ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if err != nil {
		return err
	}
	return try(ctx, o.Settings, programs, plan, func(ctx context.Context, t *trial) error {
		if t.hasNode = noNode == ""; !t.hasNode {
			t.Console.Say("no node: what admitted pods do is not checked (" + noNode + ")")
		}
		images := &stock{Session: t.Session, Options: o, source: source}
		if err := t.prepare(ctx, images); err != nil {
			return err
		}
		t.choosePossible()
		return do(ctx, t, images)
	})
}

// prepare supplies the images and starts the cluster at the same time.
func (t *trial) prepare(ctx context.Context, images *stock) error {
	work, ctx := errgroup.WithContext(ctx)
	work.Go(func() error { return images.supply(ctx) })
	work.Go(func() (err error) {
		t.cluster, err = t.startCluster(ctx, images.Options)
		return err
	})
	if err := work.Wait(); err != nil {
		return err
	}
	t.supply, t.ca = images.supplied, images.identity.CA
	return nil
}

func (t *trial) startCluster(ctx context.Context, o Options) (*cluster.Cluster, error) {
	options := cluster.Options{
		Programs: t.Programs, Processes: t.Processes, Dir: t.In("cluster"), Timeout: t.Timeout(), Step: t.Console.Step,
	}
	if t.locked = o.locked(); t.locked {
		root, err := tools.Root()
		if err != nil {
			return nil, err
		}
		options.Lock = filepath.Join(root, "policies", "apiserver")
	}
	if t.hasNode {
		options.StartNode = func(ctx context.Context, c *cluster.Cluster) error {
			return t.startNode(ctx, c, o.Registries)
		}
	}
	return cluster.Start(ctx, options)
}
