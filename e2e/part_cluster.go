package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"

	"container-signing/e2e/internal/cluster"
	"container-signing/e2e/internal/forward"
	"container-signing/e2e/internal/readiness"
	"container-signing/e2e/internal/registry"
)

// runCredentials makes the authority of a cluster, and the kubeconfig of its
// administrator.
func runCredentials(_ context.Context, args []string) error {
	flags := newPartFlags(&options{}, "credentials")
	output := flags.String("output", "", "`folder` to write ca.crt, ca.key and kubeconfig to")
	server := flags.String("server", "", "`URL` at which the API server will be found, such as https://cluster:6443")
	if err := parsePart(flags, args, "output", "server"); err != nil {
		return err
	}
	if err := checkServer(*server); err != nil {
		return err
	}
	return cluster.NewAuthority(*output, *server)
}

// checkServer finds a --server that can't be an API server's.
func checkServer(server string) error {
	if parsed, err := url.Parse(server); err != nil || parsed.Scheme != "https" || parsed.Host == "" {
		return usagef("reading --server %q: give a URL such as https://cluster:6443", server)
	}
	return nil
}

// runCluster runs a cluster until the context ends, which is no failure then.
// Its API server answers at the address to listen on as soon as Kyverno does:
// that one can connect says that all is ready.
func runCluster(ctx context.Context, args []string) error {
	var o options
	var hosts repeated
	var leading leads
	var n partNode
	flags := newPartFlags(&o, "cluster", "timeout", "node")
	n.add(flags, &o)
	listen := flags.String("listen", "127.0.0.1:6443", "`address` of the API server")
	readyz := flags.String("readyz", "", "`address` at which GET /readyz is answered when all is ready, with 200, or with 503 and why it isn't")
	credentials := flags.String("credentials", "", "`folder` that `e2e credentials` has made")
	flags.Var(&hosts, "host", "another `name` by which the API server is called; can be given several times")
	flags.Var(&leading, "lead", leadUsage)
	if err := parsePart(flags, args, "credentials"); err != nil {
		return err
	}
	if err := cluster.CheckAuthority(*credentials); err != nil {
		return usagef("reading --credentials: %w; `e2e credentials` makes them", err)
	}
	if err := checkListening(*listen, *readyz); err != nil {
		return usageError{err}
	}
	programs, err := n.prepare(ctx, o)
	if err != nil {
		return err
	}
	return runPart(ctx, plan{options: o}, append(programs, cluster.Programs()...), func(ctx context.Context, r *chainRun) error {
		stop, err := leading.start()
		if err != nil {
			return err
		}
		defer stop()
		options := r.clusterOptions()
		options.Authority, options.Hosts = *credentials, hosts
		if len(programs) > 0 {
			options.StartNode = n.start(r)
		} else if n.missing != "" {
			r.console.Note("the cluster has no node: " + n.missing)
		}
		return tellReadiness(ctx, *readyz, func(ready func()) error {
			started, err := cluster.Start(ctx, options)
			if err != nil {
				return err
			}
			return r.serveCluster(ctx, started, *listen, ready)
		})
	})
}

// checkListening finds addresses that can't be listened on. That of --readyz may
// be left out.
func checkListening(listen, readyz string) error {
	if err := registry.CheckFree("listen", listen); err != nil || readyz == "" {
		return err
	}
	if readyz == listen {
		return fmt.Errorf("--readyz %s is the address of --listen too; give another one", readyz)
	}
	return registry.CheckFree("readyz", readyz)
}

// tellReadiness answers at an address, if there is one, who asks whether what
// start starts is ready, and returns when that does.
func tellReadiness(ctx context.Context, address string, start func(ready func()) error) error {
	if address == "" {
		return start(func() {})
	}
	gate, err := readiness.Open(address)
	if err != nil {
		return fmt.Errorf("opening --readyz: %w; give another address", err)
	}
	err = start(gate.Ready)
	if err != nil {
		// What has ended the start says more than what it was doing then.
		gate.Fail(cmp.Or(context.Cause(ctx), err))
	}
	return errors.Join(err, gate.Close(context.WithoutCancel(ctx)))
}

// serveCluster answers at an address for the API server, until the context
// ends.
func (r *chainRun) serveCluster(ctx context.Context, started *cluster.Cluster, address string, ready func()) error {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return fmt.Errorf("opening --listen: %w; give another address", err)
	}
	defer listener.Close()
	go forward.Serve(listener, started.Dial)
	ready()
	r.console.Note("the cluster is ready at " + listener.Addr().String())
	<-ctx.Done()
	if crash := r.processes.Crash(); crash != nil {
		return crash
	}
	return nil
}
