package run

import (
	"context"

	"container-signing/e2e/internal/cluster"
	"container-signing/e2e/internal/node"
	"container-signing/e2e/internal/supply"
)

// nodeFolder is where the node keeps its files.
func (t *trial) nodeFolder() string { return t.In("node") }

// startNode adds a node to the cluster that pulls from production alone, and
// asks the image verifier first, which trusts as the notation CLI of the run.
func (t *trial) startNode(ctx context.Context, c *cluster.Cluster, registries supply.Registries) error {
	verifier := t.In("image-verifier/notation-image-verifier")
	if err := t.BuildProgram(ctx, verifier, "./plugin/image-verifier"); err != nil {
		return err
	}
	pulled := []string{registries.Production}
	trust := t.In("notation")
	if err := node.ConfigureVerifier(trust, pulled); err != nil {
		return err
	}
	return c.StartNode(ctx, node.Configuration{
		Programs: t.Programs, Dir: t.nodeFolder(), Registries: pulled, Verifier: verifier, Trust: trust,
	})
}
