package cluster

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"container-signing/internal/hint"
)

// TestExisting calls the API server where it is told to, and verifies its
// certificate by the name of the kubeconfig in any case.
func TestExisting(t *testing.T) {
	kubeconfig := filepath.Join(newAuthority(t), "kubeconfig")
	content, err := os.ReadFile(kubeconfig)
	if err != nil {
		t.Fatal(err)
	}
	named := filepath.Join(t.TempDir(), "kubeconfig")
	withName := strings.Replace(string(content), "    server: ", "    tls-server-name: kubernetes\n    server: ", 1)
	if err := os.WriteFile(named, []byte(withName), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, one := range []struct{ kubeconfig, server, host, name string }{
		{kubeconfig, "", server, ""},
		{kubeconfig, "https://127.0.0.1:1", "https://127.0.0.1:1", "cluster.test"},
		{named, "", server, "kubernetes"},
		{named, "https://127.0.0.1:1", "https://127.0.0.1:1", "kubernetes"},
	} {
		existing, err := Existing(one.kubeconfig, one.server)
		if err != nil {
			t.Fatal(err)
		}
		config := existing.Config
		if config.Host != one.host || config.ServerName != one.name || config.Insecure || len(config.CAData) == 0 {
			t.Errorf("%+v: it calls %q as %q, unverified %v", one, config.Host, config.ServerName, config.Insecure)
		}
		if existing.Kubeconfig != one.kubeconfig {
			t.Errorf("%+v: it is %+v", one, existing)
		}
		err = existing.ExplainKyverno(os.ErrInvalid)
		if !errors.Is(err, os.ErrInvalid) || err.Error() != os.ErrInvalid.Error() {
			t.Errorf("%+v: another error than Kyverno's became %v", one, err)
		}
	}
}

func TestExistingWithoutKubeconfig(t *testing.T) {
	prose := filepath.Join(t.TempDir(), "prose")
	if err := os.WriteFile(prose, []byte("Dear cluster,\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for kubeconfig, words := range map[string]string{"nowhere": "no such file or directory",
		prose: "json parse error"} {
		if _, err := Existing(kubeconfig, server); err == nil ||
			!strings.HasPrefix(err.Error(), "reading the kubeconfig \""+kubeconfig+"\"") ||
			!strings.Contains(err.Error(), words) {
			t.Errorf("%s: the error is %v", kubeconfig, err)
		}
	}
}

// TestReachWithoutServer names whom it hasn't reached, and by what.
func TestReachWithoutServer(t *testing.T) {
	kubeconfig := filepath.Join(newAuthority(t), "kubeconfig")
	existing, err := Existing(kubeconfig, "https://127.0.0.1:1")
	if err != nil {
		t.Fatal(err)
	}
	err = existing.Reach(t.Context())
	for _, words := range []string{kubeconfig, "https://127.0.0.1:1", "connection refused",
		"\nhint: the cluster has to be ready"} {
		if err == nil || !strings.Contains(hint.Text(err), words) {
			t.Errorf("the error isn't that %s: %v", words, err)
		}
	}
}
