package command

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"

	"github.com/spf13/cobra"

	"container-signing/e2e/internal/cluster"
	"container-signing/e2e/internal/forward"
	"container-signing/e2e/internal/readiness"
	"container-signing/e2e/internal/registry"
	"container-signing/e2e/internal/session"
	"container-signing/e2e/internal/usage"
	"container-signing/internal/hint"
)

// A serving is what `e2e cluster` is asked for.
type serving struct {
	settings    session.Settings
	node        clusterNode
	listen      string
	readyz      string
	credentials string
	hosts       []string
	leading     leads
}

// newCluster runs a cluster until the context ends, which is no failure then.
// Its API server answers at the address to listen on as soon as Kyverno does:
// that one can connect says that all is ready.
func newCluster() *cobra.Command {
	var s serving
	cmd := newVerb("cluster", "Run Kubernetes with Kyverno until it is ended", "credentials")
	flags := cmd.Flags()
	flags.StringVar(&s.credentials, "credentials", "", "`folder` that `e2e credentials` has made")
	flags.StringVar(&s.listen, "listen", "127.0.0.1:6443", "`address` of the API server")
	flags.StringVar(&s.readyz, "readyz", "",
		"`address` at which GET /readyz is answered when all is ready, with 200, or with 503 and why it isn't")
	flags.StringArrayVar(&s.hosts, "host", nil,
		"another `name` by which the API server is called; can be given several times")
	flags.Var(&s.leading, "lead", leadUsage)
	s.node.add(flags)
	addTimeout(flags, &s.settings)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if err := s.check(); err != nil {
			return err
		}
		return s.run(cmd.Context())
	}
	return cmd
}

func (s *serving) check() error {
	if err := cluster.CheckAuthority(s.credentials); err != nil {
		return usage.Fault(hint.Add(fmt.Errorf("reading --credentials: %w", err), "`e2e credentials` makes them"))
	}
	if err := checkListening(s.listen, s.readyz); err != nil {
		return usage.Fault(err)
	}
	return s.node.check()
}

// checkListening finds addresses that can't be listened on. That of --readyz may
// be left out.
func checkListening(listen, readyz string) error {
	if err := registry.CheckFree("listen", listen); err != nil || readyz == "" {
		return err
	}
	if readyz == listen {
		return hint.Add(fmt.Errorf("--readyz %s is the address of --listen too", readyz), "give another one")
	}
	return registry.CheckFree("readyz", readyz)
}

func (s *serving) run(ctx context.Context) error {
	names, err := s.node.tools(ctx)
	if err != nil {
		return err
	}
	programs, err := session.Build(ctx, append(cluster.Programs(), names...)...)
	if err != nil {
		return err
	}
	return session.Run(ctx, s.settings, programs, func(ctx context.Context, each *session.Session) error {
		stop, err := s.leading.start()
		if err != nil {
			return err
		}
		defer stop()
		options := cluster.Options{
			Programs: programs, Processes: each.Processes, Dir: each.In("cluster"), Timeout: each.Timeout(),
			Step:      each.Console.Step,
			Authority: s.credentials, Hosts: s.hosts,
		}
		if len(names) > 0 {
			options.StartNode = s.node.starter(each)
		} else if s.node.missing != "" {
			each.Console.Note("the cluster has no node: " + s.node.missing)
		}
		return tellReadiness(ctx, s.readyz, func(ready func()) error {
			started, err := cluster.Start(ctx, options)
			if err != nil {
				return err
			}
			return serve(ctx, each, started, s.listen, ready)
		})
	})
}

// tellReadiness answers at an address, if there is one, who asks whether what
// start starts is ready, and returns when that does.
func tellReadiness(ctx context.Context, address string, start func(ready func()) error) error {
	if address == "" {
		return start(func() {})
	}
	gate, err := readiness.Open(address)
	if err != nil {
		return hint.Add(fmt.Errorf("opening --readyz: %w", err), "give another address")
	}
	err = start(gate.Ready)
	if err != nil {
		// What has ended the start says more than what it was doing then.
		gate.Fail(cmp.Or(context.Cause(ctx), err))
	}
	return errors.Join(err, gate.Close(context.WithoutCancel(ctx)))
}

// serve answers at an address for the API server, until the context ends.
func serve(ctx context.Context, each *session.Session, started *cluster.Cluster, address string, ready func()) error {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return hint.Add(fmt.Errorf("opening --listen: %w", err), "give another address")
	}
	defer listener.Close()
	go forward.Serve(listener, started.Dial)
	ready()
	each.Console.Note("the cluster is ready at " + listener.Addr().String())
	<-ctx.Done()
	return each.Processes.Crash()
}
