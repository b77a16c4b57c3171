package cluster

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"

	"container-signing/e2e/internal/process"
	"container-signing/tools"
)

// limit bounds what a test waits for.
const limit = time.Minute

// steps keeps the names of steps, and how they have ended.
type steps struct {
	mu    sync.Mutex
	ended []string
}

// step is a [Step] that takes its place in them.
func (s *steps) step(name string) func(error) error {
	return func(err error) error {
		s.mu.Lock()
		defer s.mu.Unlock()
		result := "done"
		if err != nil {
			result = "failed"
		}
		s.ended = append(s.ended, name+": "+result)
		return err
	}
}

func newGroup(t *testing.T) *process.Group {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	t.Cleanup(cancel)
	group, err := process.NewGroup(ctx, filepath.Join(t.TempDir(), "logs"), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(group.Close)
	return group
}

// scripts makes programs out of shell scripts.
func scripts(t *testing.T, sources map[string]string) tools.Programs {
	t.Helper()
	programs := tools.Programs{}
	for name, source := range sources {
		programs[name] = filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(programs[name], []byte("#!/bin/sh\n"+source+"\n"), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	return programs
}

// TestStartFails starts clusters whose first program isn't there, ends at once,
// or never is ready. The error says which it is, and what it has printed.
func TestStartFails(t *testing.T) {
	for name, one := range map[string]struct {
		programs tools.Programs
		words    []string
	}{
		"no program": {tools.Programs{"etcd": "/nowhere/etcd"},
			[]string{"starting etcd: ", "no such file or directory"}},
		"it crashes": {
			scripts(t, map[string]string{"etcd": "echo cannot lock the database >&2; exit 7"}),
			[]string{"etcd ended: exit status 7; the end of its log:\n    cannot lock the database"},
		},
		"it hangs": {
			scripts(t, map[string]string{"etcd": "echo thinking; exec cat /dev/zero > /dev/null"}),
			[]string{"waiting for etcd to be ready: given up after 300ms; "},
		},
	} {
		t.Run(name, func(t *testing.T) {
			var told steps
			group := newGroup(t)
			started, err := Start(group.Context(), Options{
				Programs: one.programs, Processes: group, Dir: t.TempDir(), Timeout: 300 * time.Millisecond,
				Step: told.step,
			})
			if started != nil {
				t.Error("there is a cluster")
			}
			for _, words := range one.words {
				if err == nil || !strings.Contains(err.Error(), words) {
					t.Errorf("the error isn't that %s: %v", words, err)
				}
			}
			if !slices.Equal(told.ended, []string{"start etcd and kube-apiserver: failed"}) {
				t.Errorf("the steps are %q", told.ended)
			}
		})
	}
}

// TestStartWithoutAuthority starts nothing if there is nobody to vouch for it.
func TestStartWithoutAuthority(t *testing.T) {
	var told steps
	group := newGroup(t)
	programs := scripts(t, map[string]string{"etcd": "echo started"})
	_, err := Start(group.Context(), Options{
		Programs: programs, Processes: group, Dir: t.TempDir(), Timeout: limit, Step: told.step, Authority: "/nowhere",
	})
	if !errors.Is(err, os.ErrNotExist) || !strings.Contains(err.Error(), "/nowhere/ca.crt") {
		t.Errorf("the error is %v", err)
	}
}

// TestFreePort finds ports that can be listened on, and not the same ones.
func TestFreePort(t *testing.T) {
	seen := map[string]bool{}
	for range 20 {
		port, err := process.LastingPort()
		if err != nil {
			t.Fatal(err)
		}
		listener, err := net.Listen("tcp", "127.0.0.1:"+port)
		if err != nil {
			t.Fatal(err)
		}
		defer listener.Close()
		if seen[port] {
			t.Errorf("port %s is taken, and called free", port)
		}
		seen[port] = true
	}
}

// realPlane is a control plane of the real programs, whose credentials are made
// for a port.
func realPlane(t *testing.T, group *process.Group, port string) controlPlane {
	t.Helper()
	if testing.Short() {
		t.Skip("-short leaves out what needs built tools")
	}
	programs, err := tools.Build(t.Context(), os.Stderr, Programs()...)
	if err != nil {
		t.Fatal(err)
	}
	authority, err := freshAuthority()
	if err != nil {
		t.Fatal(err)
	}
	plane := controlPlane{programs, group, filepath.Join(t.TempDir(), "cluster")}
	if err := writeCredentials(plane.dir, authority, "127.0.0.1:"+port, nil, "node"); err != nil {
		t.Fatal(err)
	}
	return plane
}

// TestPortTaken starts the API server at a port that somebody else has: it ends,
// and its own words are in the error.
func TestPortTaken(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	port := fmt.Sprint(listener.Addr().(*net.TCPAddr).Port)
	group := newGroup(t)
	plane := realPlane(t, group, port)
	if _, err := plane.startEtcd(group.Context()); err != nil {
		t.Fatal(err)
	}
	_, err = plane.startAPIServer(group.Context(), port)
	if err == nil || !strings.Contains(err.Error(), "kube-apiserver ended: ") ||
		!strings.Contains(err.Error(), "address already in use") {
		t.Errorf("the error is %v", err)
	}
}

// TestControlPlane starts the real programs in an environment that would lead
// them astray, and creates what Kyverno needs, which can't be done twice.
func TestControlPlane(t *testing.T) {
	for _, name := range []string{"ETCD_NAME", "ETCD_LISTEN_CLIENT_URLS", "HTTPS_PROXY", "https_proxy", "ALL_PROXY",
		"KUBECONFIG", "NOTIFY_SOCKET"} {
		t.Setenv(name, "http://127.0.0.1:1")
	}
	port, err := process.LastingPort()
	if err != nil {
		t.Fatal(err)
	}
	group := newGroup(t)
	plane := realPlane(t, group, port)
	ctx := group.Context()
	if _, err := plane.startEtcd(ctx); err != nil {
		t.Fatal(err)
	}
	if _, err := plane.startAPIServer(ctx, port); err != nil {
		t.Fatal(err)
	}
	config, err := clientcmd.BuildConfigFromFlags("", credentialsIn(plane.dir).kubeconfig)
	if err != nil {
		t.Fatal(err)
	}
	config.QPS = -1
	if err := awaitHooks(ctx, config); err != nil {
		t.Fatal(err)
	}
	if err := plane.startControllers(); err != nil {
		t.Fatal(err)
	}
	if err := createKyvernoObjects(ctx, config, plane.programs["kyverno-crds"]); err != nil {
		t.Fatal(err)
	}
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	secrets, err := client.CoreV1().Secrets(KyvernoNamespace).List(ctx, metav1.ListOptions{})
	if err != nil || len(secrets.Items) != 2 {
		t.Errorf("Kyverno finds %d secrets (%v)", len(secrets.Items), err)
	}
	if err := createKyvernoObjects(ctx, config, plane.programs["kyverno-crds"]); err == nil ||
		!strings.Contains(err.Error(), "already exists") {
		t.Errorf("what is somebody else's is taken over: %v", err)
	}
	for _, pattern := range []string{"default.etcd", "*.log", ".kube"} {
		if left, err := filepath.Glob(filepath.Join(plane.dir, pattern)); err != nil || len(left) > 0 {
			t.Errorf("there is %v (%v)", left, err)
		}
	}
}
