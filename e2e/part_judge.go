package main

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"container-signing/e2e/internal/bypass"
	"container-signing/e2e/internal/cluster"
	"container-signing/e2e/internal/readiness"
)

// runJudge applies the policies and the workloads to a cluster that runs
// already, and judges what it admits.
func runJudge(ctx context.Context, args []string) error {
	var o options
	flags := newPartFlags(&o, "judge", "ca", "policy", "policies", "workloads", "report", "production-registry", "timeout", "v")
	flags.Lookup("ca").Usage = "`file` with the CA to trust"
	kubeconfig := flags.String("kubeconfig", "", "`file` that connects with the cluster as an administrator")
	server := flags.String("server", "", "`URL` at which the API server is reached, if not at that of the kubeconfig")
	awaited := flags.String("await", "", "`URL` that is answered when the cluster is ready, such as http://cluster:6444/readyz for `e2e cluster --readyz :6444`")
	stateFile := flags.String("state", "", "`file` of `e2e promote` with the images that workloads call by name; without it they name real images")
	runs := flags.Bool("runs", false, "the cluster has nodes that reach the images: admitted pods must run, and Jobs complete")
	around := flags.Bool("bypass", false, "its nodes verify images before they pull: go around the policies, by way of namespace "+bypass.Excluded+" (needs --runs and --state)")
	if err := parsePart(flags, args, "kubeconfig", "ca"); err != nil {
		return err
	}
	if err := checkAwaited(*awaited); err != nil {
		return err
	}
	if *around && (!*runs || *stateFile == "") {
		return usagef("--bypass needs --runs and --state: unsigned images, and nodes that would run them")
	}
	if !slices.Contains(policyKinds, o.policy) {
		return usagef("unknown --policy %q: known are %s; --policies takes a folder of your own", o.policy, strings.Join(policyKinds, ", "))
	}
	if err := o.checkFolders(); err != nil {
		return err
	}
	if _, err := readCertificates(o.ca); err != nil {
		return usagef("reading --ca: %w", err)
	}
	existing, err := existingCluster(*kubeconfig, *server)
	if err != nil {
		return err
	}
	var state supplyState
	if *stateFile != "" {
		if err := readJSON(*stateFile, &state); err != nil {
			return usagef("reading --state: %w", err)
		}
	}
	p, err := readPlan(o)
	if err != nil {
		return err
	}
	return runPart(ctx, p, []string{"oras", "notation"}, func(ctx context.Context, r *chainRun) error {
		r.resume(state)
		r.supply.identity.ca = o.ca
		r.cluster, r.foreign, r.withNode, r.bypass = existing, true, *runs, *around
		if err := r.awaitCluster(ctx, *awaited); err != nil {
			return err
		}
		if err := r.bounded(ctx, "reach the cluster", existing.Reach); err != nil {
			return err
		}
		return r.try(ctx)
	})
}

// checkAwaited finds an --await that nothing can be asked at.
func checkAwaited(awaited string) error {
	if awaited == "" {
		return nil
	}
	if parsed, err := url.Parse(awaited); err != nil || parsed.Scheme != "http" && parsed.Scheme != "https" || parsed.Host == "" {
		return usagef("reading --await %q: give a URL such as http://cluster:6444/readyz", awaited)
	}
	return nil
}

// awaitCluster waits for a cluster that is still being started, if there is a
// URL to ask. It has no bound of its own: whoever starts the cluster gives up
// what takes too long, and answers then.
func (r *chainRun) awaitCluster(ctx context.Context, awaited string) error {
	if awaited == "" {
		return nil
	}
	return r.console.do("wait for the cluster", func() error {
		if err := readiness.Await(ctx, awaited); err != nil {
			return fmt.Errorf("asking at %s whether the cluster is ready: %w; its own words say more", awaited, err)
		}
		return nil
	})
}

// existingCluster reads how to connect with a cluster.
func existingCluster(kubeconfig, server string) (*cluster.Cluster, error) {
	if server != "" {
		if err := checkServer(server); err != nil {
			return nil, err
		}
	}
	existing, err := cluster.Existing(kubeconfig, server)
	if err != nil {
		return nil, usagef("%w; give --kubeconfig an administrator's, such as that of `e2e credentials`", err)
	}
	return existing, nil
}
