package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"

	"container-signing/e2e/internal/cluster"
	"container-signing/tools"
)

// A partNode is what the node of a cluster is told that is a part of its own:
// what a whole run makes for itself.
type partNode struct {
	registries repeated
	verifier   string
	trust      string
	missing    string // what there is no node for the want of, if one was asked for
}

// add adds the flags. Without them the cluster has no node, as it always had
// none: --node is "off" unless it is given.
func (n *partNode) add(flags *flag.FlagSet, o *options) {
	o.node = "off"
	flags.Lookup("node").DefValue = o.node
	flags.Var(&n.registries, "registry", "`address` of a registry that the node pulls from by plain HTTP; can be given several times")
	flags.StringVar(&n.verifier, "image-verifier", "", "`program` that containerd asks before it pulls: plugin/image-verifier, built")
	flags.StringVar(&n.trust, "trust", "", "`folder` of notation's configuration for the image verifier, such as ~/.config/notation after `e2e trust`")
}

// check finds what the node lacks.
func (n *partNode) check(o options) error {
	if o.node == "off" {
		return nil
	}
	if err := o.checkNodeMode(); err != nil {
		return err
	}
	if len(n.registries) == 0 || n.verifier == "" || n.trust == "" {
		return usagef("--node %s needs --registry, --image-verifier and --trust too: where the node pulls from, and what it is to verify", o.node)
	}
	for name, path := range map[string]string{"image-verifier": n.verifier, "trust": n.trust} {
		if _, err := os.Stat(path); err != nil {
			return usagef("reading --%s: %w", name, err)
		}
	}
	return nil
}

// prepare returns the tools of a node; none if there is to be none, or can't be
// one and needn't.
func (n *partNode) prepare(ctx context.Context, o options) ([]string, error) {
	if err := n.check(o); err != nil || o.node == "off" {
		return nil, err
	}
	var err error
	if n.missing, err = checkNode(ctx, o); err != nil || n.missing != "" {
		return nil, err
	}
	return tools.Node(), nil
}

// start adds the node to the cluster. The folder of notation's configuration
// stays as it is: the image verifier gets a copy.
func (n *partNode) start(r *chainRun) func(context.Context, *cluster.Cluster) error {
	return func(ctx context.Context, c *cluster.Cluster) error {
		trust := filepath.Join(r.dir, "trust")
		if err := os.CopyFS(trust, os.DirFS(n.trust)); err != nil {
			return fmt.Errorf("copying --trust: %w", err)
		}
		verifier, err := filepath.Abs(n.verifier)
		if err != nil {
			return fmt.Errorf("finding --image-verifier: %w", err)
		}
		return r.addNode(ctx, c, n.registries, verifier, trust)
	}
}
