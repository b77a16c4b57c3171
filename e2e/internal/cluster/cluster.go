// Package cluster runs Kubernetes with Kyverno as processes on loopback:
// etcd, kube-apiserver, kube-controller-manager, kube-scheduler and Kyverno's
// admission controller, all of them the real programs. It also connects to
// clusters that others run.
//
// It doesn't use controller-runtime's envtest, which starts etcd and the API
// server in the same way: envtest polls for readiness, doesn't notice a
// process that dies, and leaves its processes behind when its own is killed.
package cluster

import (
	"context"
	"fmt"
	"net"
	"net/url"
	"time"

	"golang.org/x/sync/errgroup"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"container-signing/e2e/internal/node"
	"container-signing/e2e/internal/process"
	"container-signing/internal/pki"
	"container-signing/tools"
)

// Programs are the tools that a cluster needs.
func Programs() []string {
	return []string{
		"etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubectl", "kyverno", "kyverno-crds",
	}
}

// A Step tells the start of something with a name; the function it returns
// tells its end.
type Step func(name string) (done func(error) error)

// Options say what cluster to start.
type Options struct {
	Programs  tools.Programs
	Processes *process.Group // to which the cluster's processes belong
	Dir       string         // of the cluster's files
	// Timeout is the time after which a step that isn't done is given up.
	Timeout time.Duration
	Step    Step
	// StartNode adds a node once the API server serves, by [Cluster.StartNode];
	// nil means none.
	StartNode func(context.Context, *Cluster) error
	// Authority is a folder that [NewAuthority] has made; empty for a fresh
	// authority.
	Authority string
	// Lock is the folder policies/apiserver, whose policies the API server reads
	// from files; empty for none.
	Lock string
	// Hosts are more names and addresses by which the API server is called.
	Hosts []string
}

// bounded runs a step, which is given up after the timeout.
func (o Options) bounded(ctx context.Context, name string, step func(context.Context) error) error {
	done := o.Step(name)
	ctx, cancel := context.WithTimeoutCause(ctx, o.Timeout, fmt.Errorf("given up after %s", o.Timeout))
	defer cancel()
	return done(step(ctx))
}

// A Cluster is Kubernetes with Kyverno.
type Cluster struct {
	// Kubeconfig is the path of a kubeconfig file of a cluster administrator.
	Kubeconfig string
	// Config connects a client as the same administrator.
	Config *rest.Config

	// The rest is nothing in a cluster that others run.
	processes *process.Group
	files     credentials
	plane     controlPlane
	port      string   // of the API server
	lock      []string // arguments by which it keeps the lock
	etcd      *process.Process
	apiServer *process.Process
	webhooks  string // the address at which the API server asks Kyverno
	// command starts Kyverno at a port.
	command func(port string) process.Command
	kyverno *process.Process
}

// Start starts a cluster and returns when Kyverno answers admission requests
// and StartNode has returned. The processes end with their group.
func Start(ctx context.Context, o Options) (*Cluster, error) {
	c := &Cluster{
		processes: o.Processes, files: credentialsIn(o.Dir), plane: controlPlane{o.Programs, o.Processes, o.Dir},
	}
	if err := o.bounded(ctx, "start etcd and kube-apiserver", func(ctx context.Context) error {
		return c.startAPIServer(ctx, o)
	}); err != nil {
		return nil, err
	}
	// Kyverno, the controllers and a node need nothing of each other.
	work, ctx := errgroup.WithContext(ctx)
	if o.StartNode != nil {
		work.Go(func() error {
			return o.bounded(ctx, "start the node: containerd and kubelet", func(ctx context.Context) error {
				return o.StartNode(ctx, c)
			})
		})
	}
	work.Go(func() error {
		return o.bounded(ctx, "start kube-controller-manager and kube-scheduler", func(ctx context.Context) error {
			if err := awaitHooks(ctx, c.Config); err != nil {
				return c.apiServer.Explain(err)
			}
			return c.plane.startControllers()
		})
	})
	work.Go(func() error { return c.addKyverno(ctx, o) })
	if err := work.Wait(); err != nil {
		return nil, err
	}
	return c, nil
}

// addKyverno creates what Kyverno needs to find, and starts it.
func (c *Cluster) addKyverno(ctx context.Context, o Options) error {
	err := o.bounded(ctx, "create Kyverno's resource definitions", func(ctx context.Context) error {
		err := createKyvernoObjects(ctx, c.Config, o.Programs["kyverno-crds"])
		if err == nil && o.Lock != "" {
			err = createStandIn(ctx, c.Config)
		}
		if err != nil {
			return c.apiServer.Explain(err)
		}
		return nil
	})
	if err != nil {
		return err
	}
	return o.bounded(ctx, "start Kyverno", func(ctx context.Context) error {
		return c.startKyverno(ctx, o.Programs["kyverno"])
	})
}

// startAPIServer starts etcd and the API server. Both tell by sd_notify(3)
// that they serve.
func (c *Cluster) startAPIServer(ctx context.Context, o Options) (err error) {
	if c.port, err = process.LastingPort(); err != nil {
		return err
	}
	var authority *pki.Certificate
	if o.Authority == "" {
		authority, err = freshAuthority()
	} else {
		authority, err = readAuthority(o.Authority)
	}
	if err != nil {
		return err
	}
	if err := writeCredentials(c.plane.dir, authority, "127.0.0.1:"+c.port, o.Hosts, node.Name); err != nil {
		return err
	}
	c.Kubeconfig = c.files.kubeconfig
	if c.Config, err = clientcmd.BuildConfigFromFlags("", c.Kubeconfig); err != nil {
		return fmt.Errorf("reading the kubeconfig: %w", err)
	}
	// A client's own throttle would only slow the run down.
	c.Config.QPS = -1
	if o.Lock != "" {
		if c.lock, err = InstallLock(o.Lock, LockFolder(o.Dir)); err != nil {
			return err
		}
	}
	if c.etcd, err = c.plane.startEtcd(ctx); err != nil {
		return err
	}
	c.apiServer, err = c.plane.startAPIServer(ctx, c.port, c.lock...)
	return err
}

// Dial connects with the API server.
func (c *Cluster) Dial() (net.Conn, error) {
	server, err := url.Parse(c.Config.Host)
	if err != nil {
		return nil, err
	}
	return net.Dial("tcp", server.Host)
}

// ExplainKyverno adds the end of Kyverno's log to an error, where Kyverno is
// this cluster's own.
func (c *Cluster) ExplainKyverno(err error) error {
	if c.kyverno == nil {
		return err
	}
	return c.kyverno.Explain(err)
}
