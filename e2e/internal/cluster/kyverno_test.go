package cluster

import (
	"crypto/tls"
	"net"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/rest"

	"container-signing/internal/pki"
)

// TestHandshake asks a server for a TLS connection, whose certificate is for
// others to check, somebody who speaks no TLS, and nobody.
func TestHandshake(t *testing.T) {
	authority, err := pki.NewAuthority("kyverno", "EC-256")
	if err != nil {
		t.Fatal(err)
	}
	certificate, err := authority.NewServer("kyverno", "127.0.0.1")
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	config := &tls.Config{Certificates: []tls.Certificate{{
		Certificate: [][]byte{certificate.X509.Raw}, PrivateKey: certificate.Key,
	}}}
	go func() {
		first, err := listener.Accept()
		if err != nil {
			return
		}
		_ = tls.Server(first, config).Handshake() // the other side says how it went
		if second, err := listener.Accept(); err == nil {
			_, _ = second.Write([]byte("HTTP/1.0 400 Bad Request\r\n\r\n"))
			second.Close()
		}
	}()
	_, port, err := net.SplitHostPort(listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	ask := handshake(port)
	if err := ask(t.Context()); err != nil {
		t.Errorf("of a server: %v", err)
	}
	if err := ask(t.Context()); err == nil || !strings.Contains(err.Error(), "does not look like a TLS handshake") {
		t.Errorf("of somebody else: %v", err)
	}
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	if err := ask(t.Context()); err == nil || !strings.Contains(err.Error(), "connection refused") {
		t.Errorf("of nobody: %v", err)
	}
}

// TestHasCondition reads objects as an API server may answer with them.
func TestHasCondition(t *testing.T) {
	condition := func(kind, status any) any { return map[string]any{"type": kind, "status": status} }
	conditions := func(all ...any) any { return map[string]any{"conditions": all} }
	for name, one := range map[string]struct {
		status any
		want   bool
	}{
		"ready":           {conditions(condition("Other", "False"), condition("Ready", "True")), true},
		"not ready":       {conditions(condition("Ready", "False"), condition("Other", "True")), false},
		"unknown":         {conditions(condition("Ready", "Unknown")), false},
		"a boolean":       {conditions(condition("Ready", true)), false},
		"no conditions":   {map[string]any{}, false},
		"other condition": {conditions("Ready", nil), false},
		"no status":       {nil, false},
		"another status":  {"Ready", false},
	} {
		object := map[string]any{}
		if one.status != nil {
			object["status"] = one.status
		}
		if got := isReady(&unstructured.Unstructured{Object: object}); got != one.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// TestChecksPolicies knows the webhook that checks policies by its name.
func TestChecksPolicies(t *testing.T) {
	for name, want := range map[string]bool{
		"kyverno-policy-validating-webhook-cfg":       true,
		"kyverno-resource-validating-webhook-cfg":     false,
		"my-kyverno-policy-validating-webhook-cfg":    false,
		"kyverno-policy-validating-webhook-cfg-debug": true,
	} {
		webhooks := &unstructured.Unstructured{}
		webhooks.SetName(name)
		if got := checksPolicies(webhooks); got != want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// TestKyvernoListensOnLoopbackAlone tells Kyverno one address for all that it
// would listen at, and to send its telemetry to nobody.
func TestKyvernoListensOnLoopbackAlone(t *testing.T) {
	args := kyvernoArgs("/kubeconfig", "127.0.0.1:443", "9443")
	for _, arg := range []string{
		"--kubeconfig=/kubeconfig", "--serverIP=127.0.0.1:443", "--webhookServerHost=127.0.0.1",
		"--webhookServerPort=9443",
		"--disableMetrics=true", "--otelConfig=none", "--controllerRuntimeMetricsAddress=0",
	} {
		if !slices.Contains(args, arg) {
			t.Errorf("%s is missing", arg)
		}
	}
}

// TestNoDefinitions names the folder that has none.
func TestNoDefinitions(t *testing.T) {
	for _, folder := range []string{t.TempDir(), filepath.Join(t.TempDir(), "missing")} {
		err := createDefinitions(t.Context(), &rest.Config{}, nil, folder)
		want := `looking for Kyverno's custom resource definitions in "` + folder + `": there are none`
		if err == nil || err.Error() != want {
			t.Errorf("the error is %v", err)
		}
	}
}
