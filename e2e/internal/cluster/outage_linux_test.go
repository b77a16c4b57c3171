package cluster

import (
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"k8s.io/client-go/kubernetes"

	"container-signing/tools"
)

// TestOutage has the API server and etcd fail, and asks afterwards.
func TestOutage(t *testing.T) {
	if testing.Short() {
		t.Skip("-short leaves out what needs built tools")
	}
	t.Parallel()
	programs, err := tools.Build(t.Context(), os.Stderr, "etcd", "kube-apiserver")
	if err != nil {
		t.Fatal(err)
	}
	group, dir := newGroup(t), filepath.Join(t.TempDir(), "cluster")
	c := &Cluster{processes: group, files: credentialsIn(dir), plane: controlPlane{programs, group, dir}}
	ctx := group.Context()
	if err := c.startAPIServer(ctx, Options{}); err != nil {
		t.Fatal(err)
	}
	client, err := kubernetes.NewForConfig(c.Config)
	if err != nil {
		t.Fatal(err)
	}
	ask := func(limit time.Duration) error {
		return client.CoreV1().RESTClient().Get().Resource("namespaces").Timeout(limit).MaxRetries(0).Do(ctx).Error()
	}
	const long, short = 30 * time.Second, 2 * time.Second
	if err := ask(long); err != nil {
		t.Fatal(err)
	}
	if err := c.PauseEtcd(ctx); err != nil {
		t.Fatal(err)
	}
	if err := ask(short); err == nil {
		t.Error("the API server answers though etcd is paused")
	}
	if err := c.ResumeEtcd(ctx); err != nil {
		t.Fatal(err)
	}
	if err := ask(long); err != nil {
		t.Error(err)
	}
	if err := c.KillAPIServer(ctx); err != nil {
		t.Fatal(err)
	}
	if _, err := net.Dial("tcp", "127.0.0.1:"+c.port); err == nil {
		t.Error("somebody listens though the API server is killed")
	}
	if err := c.StartAPIServer(ctx); err != nil {
		t.Fatal(err)
	}
	if err := ask(long); err != nil {
		t.Error(err)
	}
	if err := group.Crash(); err != nil {
		t.Errorf("the outage was a crash: %v", err)
	}
}
