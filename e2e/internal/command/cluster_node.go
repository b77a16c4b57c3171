package command

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/pflag"

	"container-signing/e2e/internal/cluster"
	"container-signing/e2e/internal/node"
	"container-signing/e2e/internal/session"
	"container-signing/e2e/internal/usage"
	"container-signing/internal/hint"
	"container-signing/tools"
)

// A clusterNode is what the node of `e2e cluster` is told: what a whole run
// makes for itself.
type clusterNode struct {
	text       string // of --node
	mode       session.NodeMode
	registries []string
	verifier   string
	trust      string
	missing    string // why there is no node, if one was asked for
}

// add adds the flags. Without them the cluster has no node.
func (n *clusterNode) add(flags *pflag.FlagSet) {
	flags.StringVar(&n.text, "node", string(session.NodeOff), nodeUsage)
	flags.StringArrayVar(&n.registries, "registry", nil,
		"`address` of a registry that the node pulls from by plain HTTP; can be given several times")
	flags.StringVar(&n.verifier, "image-verifier", "",
		"`program` that containerd asks before it pulls: plugin/image-verifier, built")
	flags.StringVar(&n.trust, "trust", "",
		"`folder` of notation's configuration for the image verifier, such as ~/.config/notation after `e2e trust`")
}

// check finds what the node lacks.
func (n *clusterNode) check() (err error) {
	if n.mode, err = session.ParseNodeMode(n.text); err != nil || n.mode == session.NodeOff {
		return err
	}
	if len(n.registries) == 0 || n.verifier == "" || n.trust == "" {
		return usage.Fault(hint.Add(
			fmt.Errorf("--node %s needs --registry, --image-verifier and --trust too: where the node pulls from, and what it is to verify", n.mode),
			"give all of them, or `--node off`"))
	}
	for name, path := range map[string]string{"image-verifier": n.verifier, "trust": n.trust} {
		if _, err := os.Stat(path); err != nil {
			return usage.Errorf("reading --%s: %w", name, err)
		}
	}
	return nil
}

// tools returns the tools of a node; none if there is to be none, or can't be
// one and needn't.
func (n *clusterNode) tools(ctx context.Context) ([]string, error) {
	if n.mode == session.NodeOff {
		return nil, nil
	}
	var err error
	if n.missing, err = n.mode.Check(ctx); err != nil || n.missing != "" {
		return nil, err
	}
	return tools.Node(), nil
}

// starter returns what adds the node to the cluster. The folder of notation's
// configuration stays as it is: the image verifier gets a copy.
func (n *clusterNode) starter(each *session.Session) func(context.Context, *cluster.Cluster) error {
	return func(ctx context.Context, c *cluster.Cluster) error {
		trust := each.In("trust")
		if err := os.CopyFS(trust, os.DirFS(n.trust)); err != nil {
			return fmt.Errorf("copying --trust: %w", err)
		}
		if err := node.ConfigureVerifier(trust, n.registries); err != nil {
			return err
		}
		verifier, err := filepath.Abs(n.verifier)
		if err != nil {
			return fmt.Errorf("finding --image-verifier: %w", err)
		}
		return c.StartNode(ctx, node.Configuration{
			Programs: each.Programs, Dir: each.In("node"), Registries: n.registries, Verifier: verifier, Trust: trust,
		})
	}
}
