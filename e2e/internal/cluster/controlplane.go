package cluster

import (
	"context"
	"fmt"
	"path/filepath"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"container-signing/e2e/internal/await"
	"container-signing/e2e/internal/process"
	"container-signing/tools"
)

// A controlPlane is what it takes to start etcd, the API server, its controllers
// and the scheduler: the programs, the group of processes that they belong to,
// and the cluster's folder, in which they work.
type controlPlane struct {
	programs  tools.Programs
	processes *process.Group
	dir       string
}

// start starts one of the programs.
func (c controlPlane) start(name string, notifiesReady bool, args ...string) (*process.Process, error) {
	return c.processes.Start(process.Command{
		Name: name, Path: c.programs[name], Args: args, Dir: c.dir,
		Env: []string{process.FewerCollections}, NotifiesReady: notifiesReady,
	})
}

// etcdSocket is where etcd listens, relative to the cluster's folder: the path
// of a socket may have little more than a hundred bytes (unix(7)), which that
// of a temporary folder can exceed.
const etcdSocket = "unix://etcd.sock"

// startEtcd starts etcd, and returns when it serves. It listens on sockets in
// the cluster's folder, which is closed to other users: it has no access control
// of its own.
func (c controlPlane) startEtcd(ctx context.Context) (*process.Process, error) {
	// What it advertises has to be a host and a port. Nobody calls there: it
	// has no peers, and the API server is told the socket.
	const nowhere = "http://127.0.0.1:1"
	etcd, err := c.start("etcd", true,
		"--data-dir="+filepath.Join(c.dir, "etcd"),
		"--listen-client-urls="+etcdSocket, "--advertise-client-urls="+nowhere,
		"--listen-peer-urls=unix://peer.sock",
		"--initial-advertise-peer-urls="+nowhere, "--initial-cluster=default="+nowhere,
		"--unsafe-no-fsync", // the data is thrown away with the run
		"--log-level=warn",
	)
	if err != nil {
		return nil, err
	}
	return etcd, etcd.WaitReady(ctx)
}

// startAPIServer starts the API server at a port of loopback, and returns when
// it serves. It takes more arguments beside its own.
func (c controlPlane) startAPIServer(ctx context.Context, port string, more ...string) (*process.Process, error) {
	files := credentialsIn(c.dir)
	server, err := c.start("kube-apiserver", true, append(more,
		"--etcd-servers="+etcdSocket,
		"--bind-address=127.0.0.1", "--advertise-address=127.0.0.1", "--secure-port="+port,
		"--endpoint-reconciler-type=none", // loopback can't be an endpoint of the service "kubernetes"
		"--service-cluster-ip-range=10.96.0.0/16",
		"--tls-cert-file="+files.serverCertificate, "--tls-private-key-file="+files.serverKey,
		"--client-ca-file="+files.authority,
		"--authorization-mode=Node,RBAC",
		"--service-account-issuer=https://kubernetes.default.svc",
		"--service-account-key-file="+files.serviceAccountPub,
		"--service-account-signing-key-file="+files.serviceAccountKey,
		"--allow-privileged=true", "--profiling=false",
	)...)
	if err != nil {
		return nil, err
	}
	return server, server.WaitReady(ctx)
}

// startControllers starts the controllers that make pods out of Deployments,
// Jobs and the like, and the scheduler.
func (c controlPlane) startControllers() error {
	files := credentialsIn(c.dir)
	if _, err := c.start("kube-controller-manager", false,
		"--kubeconfig="+files.kubeconfig, "--leader-elect=false", "--secure-port=0",
		"--service-account-private-key-file="+files.serviceAccountKey,
		"--root-ca-file="+files.authority,
		"--kube-api-qps=500", "--kube-api-burst=500",
	); err != nil {
		return err
	}
	_, err := c.start("kube-scheduler", false,
		"--kubeconfig="+files.kubeconfig, "--leader-elect=false", "--secure-port=0")
	return err
}

var roleBindings = schema.GroupVersionResource{
	Group: "rbac.authorization.k8s.io", Version: "v1", Resource: "rolebindings",
}

// awaitHooks returns when the API server has run all that it runs after it
// has begun to serve: the controller manager asks for that once a second, and
// gives up after ten. The last thing to be run is the creation of the default
// roles and their bindings, the one in kube-public among the last of these;
// that all is done the API server tells by its answer to /readyz alone.
func awaitHooks(ctx context.Context, config *rest.Config) error {
	err := await.Objects(ctx, config, roleBindings, 1, func(binding *unstructured.Unstructured) bool {
		return binding.GetNamespace() == metav1.NamespacePublic
	})
	if err != nil {
		return err
	}
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return fmt.Errorf("making a client: %w", err)
	}
	return await.Answer(ctx, "kube-apiserver is ready", func(ctx context.Context) error {
		return client.Discovery().RESTClient().Get().AbsPath("/readyz").MaxRetries(0).Do(ctx).Error()
	})
}
