package main

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"

	"container-signing/e2e/internal/cluster"
	"container-signing/e2e/internal/node"
	"container-signing/e2e/internal/process"
	"container-signing/internal/hint"
	"container-signing/tools"
)

// nodeModes are what --node takes: a node if there can be one, a node or an
// error, and none.
var nodeModes = []string{"auto", "on", "off"}

// checkNode returns why there is no node, and nothing if there can be one. It
// is an error if the user insists on one.
func checkNode(ctx context.Context, o options) (noNode string, err error) {
	if o.node == "off" {
		return "--node is off", nil
	}
	err = node.Check(ctx)
	switch {
	case err == nil:
		return "", nil
	case o.node == "on":
		return "", usagef("there can be no node on this machine: %w; `--node off` does without one", err)
	}
	return strings.Join(append([]string{err.Error()}, hint.Of(err)...), "; "), nil
}

// runNode tells whether there can be a node.
func runNode(ctx context.Context, args []string) error {
	if len(args) > 0 {
		return usagef("unknown argument %q: `e2e node` takes none", args[0])
	}
	if _, err := checkNode(ctx, options{node: "on"}); err != nil {
		return err
	}
	fmt.Println("there can be a node on this machine")
	return nil
}

// buildTools builds the tools of a run, and tells why it has no node if it has
// none. That those of a node can't be built, for want of a C library, is no
// error unless the user insists on a node.
func buildTools(ctx context.Context, o options) (programs tools.Programs, noNode string, err error) {
	if noNode, err = checkNode(ctx, o); err != nil {
		return nil, "", err
	}
	if programs, err = tools.Build(ctx, os.Stderr, tools.Chain()...); err != nil || noNode != "" {
		return programs, noNode, err
	}
	more, err := tools.Build(ctx, os.Stderr, tools.Node()...)
	switch {
	case err == nil:
		maps.Copy(programs, more)
		return programs, "", nil
	case ctx.Err() != nil || o.node == "on":
		return nil, "", err
	}
	return programs, err.Error(), nil
}

// startNode adds a node to the cluster that pulls from production alone, and
// asks the image verifier first.
func (r *chainRun) startNode(ctx context.Context, c *cluster.Cluster) error {
	verifier := filepath.Join(r.dir, "image-verifier", "notation-image-verifier")
	if err := r.build(ctx, verifier, "./plugin/image-verifier"); err != nil {
		return fmt.Errorf("building the image verifier: %w", err)
	}
	// That of the notation CLI of this run.
	return r.addNode(ctx, c, []string{r.production}, verifier, filepath.Join(r.dir, "notation", "notation"))
}

// addNode adds a node to the cluster that pulls from registries that speak
// plain HTTP, and asks the image verifier first, with trust for its
// configuration.
func (r *chainRun) addNode(ctx context.Context, c *cluster.Cluster, registries []string, verifier, trust string) error {
	if err := os.MkdirAll(trust, 0o700); err != nil {
		return fmt.Errorf("making the folder of notation's configuration: %w", err)
	}
	config, err := json.Marshal(map[string][]string{"insecureRegistries": registries})
	if err != nil {
		return fmt.Errorf("encoding the configuration of the image verifier: %w", err)
	}
	if err := os.WriteFile(filepath.Join(trust, "config.json"), config, 0o600); err != nil {
		return fmt.Errorf("configuring the image verifier: %w", err)
	}
	return c.StartNode(ctx, node.Configuration{
		Programs: r.programs, Dir: r.nodeFolder(), Registries: registries, Verifier: verifier, Trust: trust,
	})
}

func (r *chainRun) nodeFolder() string { return filepath.Join(r.dir, "node") }

// build builds one of this project's programs.
func (r *chainRun) build(ctx context.Context, program, pkg string) error {
	// Without cgo it starts in two thirds of the time. A go command that is
	// killed leaves its temporary folder behind.
	build := process.Tool{
		Path: "go", Inherits: process.OfUser, Env: []string{"CGO_ENABLED=0", "GOTMPDIR=" + r.dir}, Lifeline: r.space.Lifeline,
	}
	_, err := build.Run(ctx, "-C", r.root, "build", "-trimpath", "-ldflags", "-s -w", "-o", program, pkg)
	return err
}
