// Package cluster runs Kubernetes with Kyverno as processes on loopback:
// etcd, kube-apiserver, kube-controller-manager, kube-scheduler and Kyverno's
// admission controller, all of them the real programs.
//
// It doesn't use controller-runtime's envtest, which starts etcd and the API
// server in the same way: envtest polls for readiness, doesn't notice a
// process that dies, and leaves its processes behind when its own is killed.
package cluster

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"golang.org/x/sync/errgroup"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"container-signing/e2e/internal/process"
	"container-signing/tools"
)

// Programs are the tools that a cluster needs.
func Programs() []string {
	return []string{"etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubectl", "kyverno", "kyverno-crds"}
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
	// StartNode adds a node once the API server serves; nil means none.
	StartNode func(context.Context, *Cluster) error
	// Authority is a folder that [NewAuthority] has made; empty for a fresh
	// authority.
	Authority string
	// Hosts are more names and addresses by which the API server is called.
	Hosts []string
}

// A Cluster is Kubernetes with Kyverno.
type Cluster struct {
	// Kubeconfig is the path of a kubeconfig file of a cluster administrator.
	Kubeconfig string
	// Config connects a client as the same administrator.
	Config *rest.Config

	programs  tools.Programs
	processes *process.Group
	dir       string
	files     credentials
	apiServer *process.Process
	kyverno   *process.Process
}

// fewerCollections lets a program's memory grow to five times of what it uses
// before it is collected, instead of twice. That saves a fifth of the processor
// time of starting a cluster, for a few hundred megabytes.
var fewerCollections = []string{"GOGC=400"}

// Start starts a cluster and returns when Kyverno answers admission requests
// and StartNode has returned. The processes end with their group.
func Start(ctx context.Context, o Options) (*Cluster, error) {
	c := &Cluster{programs: o.Programs, processes: o.Processes, dir: o.Dir}
	bounded := func(ctx context.Context, name string, start func(context.Context) error) error {
		done := o.Step(name)
		ctx, cancel := context.WithTimeoutCause(ctx, o.Timeout, fmt.Errorf("given up after %s", o.Timeout))
		defer cancel()
		return done(start(ctx))
	}
	if err := bounded(ctx, "start etcd and kube-apiserver", func(ctx context.Context) error { return c.startAPIServer(ctx, o) }); err != nil {
		return nil, err
	}
	// Kyverno, the controllers and a node need nothing of each other.
	work, ctx := errgroup.WithContext(ctx)
	if o.StartNode != nil {
		work.Go(func() error {
			return bounded(ctx, "start the node: containerd and kubelet", func(ctx context.Context) error { return o.StartNode(ctx, c) })
		})
	}
	work.Go(func() error {
		return bounded(ctx, "start kube-controller-manager and kube-scheduler", c.startControllers)
	})
	work.Go(func() error {
		if err := bounded(ctx, "create Kyverno's resource definitions", c.createKyvernoObjects); err != nil {
			return err
		}
		return bounded(ctx, "start Kyverno", c.startKyverno)
	})
	if err := work.Wait(); err != nil {
		return nil, err
	}
	return c, nil
}

// startAPIServer starts etcd and the API server. Both tell by sd_notify(3)
// that they serve.
func (c *Cluster) startAPIServer(ctx context.Context, o Options) error {
	address, err := freeAddress()
	if err != nil {
		return err
	}
	if c.files, err = writeCredentials(o, address); err != nil {
		return err
	}
	c.Kubeconfig = c.files.kubeconfig
	if c.Config, err = clientcmd.BuildConfigFromFlags("", c.Kubeconfig); err != nil {
		return fmt.Errorf("reading the kubeconfig: %w", err)
	}
	// A client's own throttle would only slow the run down.
	c.Config.QPS = -1
	etcd, err := c.startEtcd()
	if err != nil {
		return err
	}
	if err := etcd.WaitReady(ctx); err != nil {
		return err
	}
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		return err
	}
	c.apiServer, err = c.processes.Start(process.Command{
		Name: "kube-apiserver", Path: c.programs["kube-apiserver"], Dir: c.dir, NotifiesReady: true, Env: fewerCollections,
		Args: c.apiServerArgs(port),
	})
	if err != nil {
		return err
	}
	return c.apiServer.WaitReady(ctx)
}

// etcdSocket is where etcd listens, relative to the cluster's folder: the path
// of a socket may have little more than a hundred bytes (unix(7)), which that
// of a temporary folder can exceed.
const etcdSocket = "unix://etcd.sock"

// startEtcd lets etcd listen on sockets in the cluster's folder, which is
// closed to other users: it has no access control of its own.
func (c *Cluster) startEtcd() (*process.Process, error) {
	// What it advertises has to be a host and a port. Nobody calls there: it
	// has no peers, and the API server is told the socket.
	const nowhere = "http://127.0.0.1:1"
	return c.processes.Start(process.Command{
		Name: "etcd", Path: c.programs["etcd"], Dir: c.dir, NotifiesReady: true, Env: fewerCollections,
		Args: []string{
			"--data-dir=" + filepath.Join(c.dir, "etcd"),
			"--listen-client-urls=" + etcdSocket, "--advertise-client-urls=" + nowhere,
			"--listen-peer-urls=unix://peer.sock",
			"--initial-advertise-peer-urls=" + nowhere, "--initial-cluster=default=" + nowhere,
			"--unsafe-no-fsync", // the data is thrown away with the run
			"--log-level=warn",
		},
	})
}

func (c *Cluster) apiServerArgs(port string) []string {
	return []string{
		"--etcd-servers=" + etcdSocket,
		"--bind-address=127.0.0.1", "--advertise-address=127.0.0.1", "--secure-port=" + port,
		"--endpoint-reconciler-type=none", // loopback can't be an endpoint of the service "kubernetes"
		"--service-cluster-ip-range=10.96.0.0/16",
		"--tls-cert-file=" + c.files.serverCertificate, "--tls-private-key-file=" + c.files.serverKey,
		"--client-ca-file=" + c.files.authority,
		"--authorization-mode=Node,RBAC",
		"--service-account-issuer=https://kubernetes.default.svc",
		"--service-account-key-file=" + c.files.serviceAccountPub,
		"--service-account-signing-key-file=" + c.files.serviceAccountKey,
		"--allow-privileged=true", "--profiling=false",
	}
}

// freeAddress returns an address of loopback on which nobody listens now.
// Programs that can't be handed a socket have to be told a port; one that
// finds it taken in the meantime ends, and says so.
func freeAddress() (string, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("looking for a free port: %w", err)
	}
	address := listener.Addr().String()
	if err := listener.Close(); err != nil {
		return "", fmt.Errorf("looking for a free port: %w", err)
	}
	return address, nil
}

func freePort() (int, error) {
	address, err := freeAddress()
	if err != nil {
		return 0, err
	}
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(port)
}

// writePrivate writes a file that only this user can read.
func writePrivate(path string, content []byte) error {
	if err := os.WriteFile(path, content, 0o600); err != nil {
		return fmt.Errorf("writing the cluster's credentials: %w", err)
	}
	return nil
}
