// Package apiservertest runs a real API server for tests: with etcd and the
// controller manager, and without nodes.
package apiservertest

import (
	"context"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"container-signing/e2e/internal/await"
	"container-signing/e2e/internal/process"
	"container-signing/internal/pki"
	"container-signing/tools"
)

// Start starts etcd, kube-apiserver and kube-controller-manager, and returns an
// administrator's access. The API server takes the arguments beside its own. All
// end with the test.
func Start(t *testing.T, args ...string) *rest.Config {
	t.Helper()
	programs, err := tools.Build(t.Context(), os.Stderr, "etcd", "kube-apiserver", "kube-controller-manager")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	group, err := process.NewGroup(context.WithoutCancel(t.Context()), filepath.Join(dir, "logs"), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(group.Close)
	ctx, cancel := context.WithTimeout(group.Context(), time.Minute)
	defer cancel()
	start := func(command process.Command) {
		t.Helper()
		p, err := group.Start(command)
		if err != nil {
			t.Fatal(err)
		}
		if err := p.WaitReady(ctx); err != nil {
			t.Fatal(err)
		}
	}
	socket := "unix://" + filepath.Join(dir, "etcd.sock")
	const nowhere = "http://127.0.0.1:1" // it has no peers, and the API server is told the socket
	start(process.Command{Name: "etcd", Path: programs["etcd"], NotifiesReady: true, Args: []string{
		"--data-dir=" + filepath.Join(dir, "etcd"), "--unsafe-no-fsync",
		"--listen-client-urls=" + socket, "--advertise-client-urls=" + nowhere,
		"--listen-peer-urls=unix://" + filepath.Join(dir, "peer.sock"),
		"--initial-advertise-peer-urls=" + nowhere, "--initial-cluster=default=" + nowhere,
	}})
	private, public := writeKeys(t, dir)
	address := freeAddress(t)
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		t.Fatal(err)
	}
	path := programs["kube-apiserver"]
	start(process.Command{Name: "kube-apiserver", Path: path, NotifiesReady: true, Args: append([]string{
		"--etcd-servers=" + socket, "--secure-port=" + port,
		"--bind-address=127.0.0.1", "--advertise-address=127.0.0.1",
		"--cert-dir=" + filepath.Join(dir, "certificates"), "--endpoint-reconciler-type=none",
		"--service-cluster-ip-range=10.96.0.0/16", "--authorization-mode=RBAC",
		"--token-auth-file=" + writeFile(t, dir, "tokens", "secret,administrator,1,system:masters\n"),
		"--service-account-issuer=https://kubernetes.default.svc",
		"--service-account-key-file=" + public, "--service-account-signing-key-file=" + private,
	}, args...)})
	kubeconfig, config := access(t, dir, address)
	awaitReady(t, config)
	start(process.Command{Name: "kube-controller-manager", Path: programs["kube-controller-manager"], Args: []string{
		"--kubeconfig=" + kubeconfig, "--leader-elect=false", "--secure-port=0",
		"--service-account-private-key-file=" + private,
	}})
	return config
}

// awaitReady returns when the API server has made its own roles, too: it serves
// before that.
func awaitReady(t *testing.T, config *rest.Config) {
	t.Helper()
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	err = await.Answer(t.Context(), "kube-apiserver is ready", func(ctx context.Context) error {
		return client.RESTClient().Get().AbsPath("/readyz").MaxRetries(0).Do(ctx).Error()
	})
	if err != nil {
		t.Fatal(err)
	}
}

func writeFile(t *testing.T, dir, name, content string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// writeKeys writes the key pair of the service accounts' tokens.
func writeKeys(t *testing.T, dir string) (private, public string) {
	t.Helper()
	pair, err := pki.NewAuthority("service accounts", "EC-256")
	if err != nil {
		t.Fatal(err)
	}
	key, err := pair.KeyPEM()
	if err != nil {
		t.Fatal(err)
	}
	publicKey, err := pair.PublicKeyPEM()
	if err != nil {
		t.Fatal(err)
	}
	return writeFile(t, dir, "key", string(key)), writeFile(t, dir, "key.pub", string(publicKey))
}

// access connects to the API server, which has signed its own certificate.
func access(t *testing.T, dir, address string) (string, *rest.Config) {
	t.Helper()
	const name = "test"
	config := clientcmdapi.NewConfig()
	config.Clusters[name] = &clientcmdapi.Cluster{Server: "https://" + address, InsecureSkipTLSVerify: true}
	config.AuthInfos[name] = &clientcmdapi.AuthInfo{Token: "secret"}
	config.Contexts[name] = &clientcmdapi.Context{Cluster: name, AuthInfo: name}
	config.CurrentContext = name
	kubeconfig := filepath.Join(dir, "kubeconfig")
	if err := clientcmd.WriteToFile(*config, kubeconfig); err != nil {
		t.Fatal(err)
	}
	client, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		t.Fatal(err)
	}
	client.QPS = -1
	return kubeconfig, client
}

func freeAddress(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().String()
}
