package run

import (
	"context"
	"errors"
	"fmt"

	"container-signing/e2e/internal/cluster"
	"container-signing/e2e/internal/oras"
	"container-signing/e2e/internal/readiness"
	"container-signing/e2e/internal/repository"
	"container-signing/e2e/internal/session"
	"container-signing/e2e/internal/supply"
	"container-signing/internal/hint"
)

// An ExistingCluster is one that this program hasn't started.
type ExistingCluster struct {
	*cluster.Cluster
	// Await is a URL that is answered when the cluster is ready; empty if it
	// is.
	Await string
	// Runs says that it has nodes that reach the images.
	Runs bool
	// Bypass says that its nodes verify images before they pull.
	Bypass bool
}

// Existing judges what a cluster admits that runs already. The state are the
// images that the workloads name; without digests they name real ones.
func Existing(
	ctx context.Context, settings session.Settings, existing ExistingCluster, plan Plan, state supply.State, ca string,
) error {
	programs, err := session.Build(ctx, "oras", "notation")
	if err != nil {
		return err
	}
	return try(ctx, settings, programs, plan, func(ctx context.Context, t *trial) error {
		if state.Digests != nil {
			t.supply = &supply.Supply{
				State: state, Reader: repository.Direct(), ORAS: oras.Direct(t.Tool("oras"), t.In("docker")),
			}
		}
		t.cluster, t.foreign, t.hasNode, t.bypass, t.ca = existing.Cluster, true, existing.Runs, existing.Bypass, ca
		if err := t.awaitCluster(ctx, existing.Await); err != nil {
			return err
		}
		if err := t.Do(ctx, "reach the cluster", existing.Reach); err != nil {
			return err
		}
		t.choosePossible()
		passed, err := t.judgeAll(ctx)
		return errors.Join(passed, err)
	})
}

// awaitCluster waits for a cluster that is still being started, if there is a
// URL to ask. It has no bound of its own: whoever starts the cluster gives up
// what takes too long, and answers then.
func (t *trial) awaitCluster(ctx context.Context, url string) error {
	if url == "" {
		return nil
	}
	return t.Console.Do("wait for the cluster", func() error {
		if err := readiness.Await(ctx, url); err != nil {
			return hint.Add(fmt.Errorf("asking at %s whether the cluster is ready: %w", url, err),
				"its own words say more")
		}
		return nil
	})
}
